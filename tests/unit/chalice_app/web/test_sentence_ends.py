"""Which stops end a sentence: `|` is where it does. Nothing pauses."""

# ruff: noqa: RUF001  # the stops of other scripts are what is tested

from collections.abc import Iterator
from typing import Any

import pytest

from tests.deno import Deno, running_deno
from tests.unit.chalice_app.web.recogniser import Call, heard, items, sentences

ENGLISH = """
Mr. Jones met Mrs. Smith and Ms. Lee.|Dr. Brown came as well.
We live near St. Mary's church.|It is very old indeed.
The book is by E. O. Wilson.|He liked ants.
My friend J. R. R. Tolkien wrote it.|We read it together.
Bring food, e.g. bread or fruit.|Bring water, i.e. plenty.
It was Smith vs. Jones in the end.|They both won.
We start at 9:30 a.m. on Monday.|We end late.
We start at 9:30 a.m. Monday.|We end late.
We start at 9:30 a.m.|The doors open before.
It ends at 5 p.m.|Please be on time.
Take room No. 5 on the left.|I said no.|You heard me.
The price is $3.5 million.|It was 1,000 before.
Pi is about 3.14 and more.|We use version 2.1.3 today.
It happened in 1863.|They were all there.
There were 1. 5 and 2. 7 of them.|That is all.
The U.S. Army was there.|It came from the U.S.|They stayed a while.
He moved to Washington, D.C.|The rest is known.
Write to hall@example.com today.|You can see www.example.com/talks.|It has it all.
We sell pens, paper, etc.|The shop is open.
We sell pens, paper, etc. to schools.|It is open.
It is by Martin Luther King Jr.|He was a pastor.
Acme Inc. makes all of it.|They are good.
Is this right?|It is not wrong!|That settles the matter.
"Is this right?"|He said (it is.)|She left.
Well… maybe that is so.|So it is…|We shall see.
See Fig. 3 and pp. 4 to 9.|They show it.
We met Prof. Green, Ph.D. in music.|She sang.
It opened in Jan. and closed in Dec.|We were sad.
The N.A.S.A. launch was fine.|It went up.
It's J. P. Morgan's house.|It's for sale.
The time is 10:45.|That is late.|We go now.
"""
CASES = {
    "en-US": ENGLISH,
    "es": """
El Sr. García y la Sra. López llegaron.|La Dra. Ruiz viene después.
Trae fruta, p. ej. manzanas o peras.|Trae agua también, p.ej. mucha.
Ud. vive en la Av. Libertad núm. 5.|Ella vive cerca.
Es de EE. UU. y vive aquí.|Ella viene de EE.UU.|Los demás no.
Cuesta 3,5 euros o 1.000 pesos.|Eso es todo.
Empieza a las 9:30 a. m. en la sala.|Termina a las 5 p. m.|Luego hay música.
Hay pan, vino, etc.|Todos comen juntos.
¿Cómo están ustedes hoy?|¡Qué alegría tan grande!|Empezamos ya mismo.
""",
    "pt-BR": """
O Sr. Silva e a Sra. Costa chegaram.|A Dra. Lima vem depois.
Traga fruta, p. ex. maçãs ou peras.|Traga água.
Fica na Av. Paulista n.º 5.|Ele vive perto.
Custa 3,5 reais ou 1.000 reais.|Isso é tudo.
Há pão, vinho, etc.|Todos comem juntos.
""",
    "fr": """
M. Dupont et Mme. Martin sont venus.|Mme Petit vient après.
Prenez un fruit, p. ex. une pomme.|Prenez de l'eau.
Comment allez-vous tous ?|Je vais très bien !|Nous commençons maintenant.
Cela coûte 3,5 euros ou 1.000 francs.|C'est tout.
Il y a du pain, du vin, etc.|Tous mangent ensemble.
Il vit en 50 av. J.-C. environ.|Elle vit après.
""",
    "it": """
Il Sig. Rossi e la Dott.ssa Bianchi sono qui.|La Sig.ra Verdi arriva.
Prendi un frutto, p.es. una mela.|Prendi acqua, ad es. molta.
Costa 3,5 euro in tutto.|Non è molto.
Vedi pag. 5 del libro.|Lo trovi bello.
È della Fiat S.p.A. di Torino.|La fabbrica è grande.
""",
    "de": """
Herr Dr. Weber und Fr. Prof. Klein sind da.|Der Saal ist voll.
Am 3. Oktober feiern wir zusammen.|Das ist ein Montag.
Bring Obst, z. B. Äpfel oder Birnen.|Bring Wasser, z.B. viel.
Das heißt, d. h. Brot usw. ist da.|Wir essen Brot, Wurst usw.|Dann gehen wir.
Es kostet 3,5 Euro bzw. 1.000 Mark.|Das ist alles.
Er starb im Jahr 1863.|Alle waren traurig.
Im 21. Jahrhundert ist das so.|Wir sind im 21.|Das ist gut.
Es kostet ca. 5 Mio. Euro im Jahr.|Wir zahlen.
""",
    "ca": """
El Sr. Puig i la Sra. Pla han vingut.|La Dra. Mas ve després.
Porta fruita, p. ex. pomes o peres.|Porta aigua.
Hi ha pa, vi, etc.|Els nens mengen.
""",
    "gl": """
O Sr. Castro e a Sra. Rei chegaron.|A Dra. Vila vén despois.
Vexa a páx. 5 do libro.|O libro é bo.
Hai pan, viño, etc.|Os nenos comen.
""",
    "nl": """
Dhr. Jansen en mevr. Smit zijn er.|De zaal is vol.
Neem fruit, bijv. appels of peren.|Neem water.
Op 3 mei om 9.30 uur begint het.|Het wordt mooi.
""",
    "pl": "Spotkamy się 3. maja w Krakowie.|Weź owoce, np. jabłka i gruszki.|To wszystko na dziś.",
    "ru": "Это было в 1863 г. в Москве.|Мы живём на ул. Мира давно.|Там есть хлеб и т. д. всегда.",
    "tr": "Sayın Dr. Yılmaz bugün geldi.|Program 3. salonda saat dokuzda.|Herkes çok mutlu oldu.",
    "el": "Ο κ. Παπάς είναι εδώ;|Ναι είναι εδώ τώρα.|Όλα πάνε πολύ καλά!",
    "ar": "كيف حالكم جميعا اليوم؟|جاء د. سامي إلى هنا.|نبدأ الآن بكل سرور!",
    "ur": "آپ سب کیسے ہیں؟|ہم سب یہاں ہیں۔|شکریہ آپ سب کا۔",
    "hi": "आप सब कैसे हैं?|डॉ. शर्मा यहाँ आए हैं।|हम अब शुरू करते हैं।",
    "hy": "Մենք բոլորս այստեղ ենք։|Սա շատ լավ է։|Շնորհակալ ենք բոլորից։",
    "am": "ሁላችንም እዚህ ነን።|ይህ በጣም ጥሩ ነው።|ሁላችሁንም እናመሰግናለን አሁን።",
    "my": "ကျွန်တော်တို့အားလုံးဒီမှာရှိပါတယ်။|ဒါကအရမ်းကောင်းပါတယ်။",
    "km": "យើងទាំងអស់គ្នានៅទីនេះ។|នេះល្អណាស់សម្រាប់យើង។",
    "zh": "大家早上好。|你们准备好了吗？|我们现在开始吧！",
    "ja": "皆さん、おはようございます。|準備はできましたか？|それでは始めましょう！",
    "ko": "모두 여기에 와 주셔서 감사합니다.|준비가 다 되셨습니까?|이제 바로 시작하겠습니다!",
}
LINES = [
    (language, line) for language, table in CASES.items() for line in table.strip().splitlines()
]


@pytest.fixture(scope="module")
def deno() -> Iterator[Deno]:
    """A process that has the module."""
    with running_deno("speaker/segmenter.js") as running:
        yield running


def results(text: str, *, marks_apart: bool, word_by_word: bool) -> list[Call]:
    """The text as one final result, or growing by a word each time."""
    every = items(text) if marks_apart else whole(text)
    firsts = [at for at, item in enumerate(every) if item["kind"] == "word"][1:]
    ends = [*(firsts if word_by_word else []), len(every)]
    return [
        [
            "hear",
            {"id": "a", "partial": end < len(every), "startMs": 0, "endMs": 0}
            | {"items": every[:end]},
        ]
        for end in ends
    ]


def whole(text: str) -> list[dict[str, Any]]:
    """Words that have their marks in them."""
    return [
        {
            "content": word,
            "kind": "word",
            "startMs": 300 * at,
            "endMs": 300 * at + 280,
            "stable": True,
        }
        for at, word in enumerate(text.split())
    ]


@pytest.mark.parametrize("word_by_word", [False, True], ids=["at once", "word by word"])
@pytest.mark.parametrize("marks_apart", [False, True], ids=["marks inside", "marks apart"])
@pytest.mark.parametrize(("language", "line"), LINES)
def test_a_stop_ends_a_sentence_or_not(
    deno: Deno, language: str, line: str, marks_apart: bool, word_by_word: bool
) -> None:
    expected = line.split("|")
    text = line.replace("|", "" if language in ("zh", "ja", "my", "km") else " ")
    calls = results(text, marks_apart=marks_apart, word_by_word=word_by_word)
    assert sentences(heard(deno, language, *calls, ["finish"])) == expected
