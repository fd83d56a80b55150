"""Three sentences of a talk as translators write them: real words, because they are compressed."""

from collections.abc import Mapping

TALK: Mapping[str, Mapping[str, str]] = {
    "We are very glad that so many of you came tonight to hear how our valley got its school.": {
        "es": "Nos alegra mucho que tantos hayan venido esta noche a escuchar cómo nuestro valle"
        " consiguió su escuela.",
        "fr": "Nous sommes très heureux que vous soyez si nombreux ce soir pour entendre comment"
        " notre vallée a eu son école.",
        "de": "Wir freuen uns sehr, dass heute Abend so viele gekommen sind, um zu hören, wie unser"
        " Tal zu seiner Schule kam.",
        "it": "Siamo molto felici che siate venuti così numerosi stasera per sentire come la nostra"
        " valle ha avuto la sua scuola.",
        "pt": "Estamos muito felizes por tantos terem vindo esta noite ouvir como o nosso vale"
        " conseguiu a sua escola.",
        "nl": "We zijn erg blij dat jullie vanavond met zovelen zijn gekomen om te horen hoe onze"
        " vallei haar school kreeg.",
        "pl": "Bardzo się cieszymy, że tak wielu z was przyszło dziś wieczorem posłuchać, jak nasza"
        " dolina dostała swoją szkołę.",
        "ru": "Мы очень рады, что так много из вас пришли сегодня вечером услышать, как наша долина"
        " получила свою школу.",
        "ar": "يسعدنا كثيرا أن يأتي هذا العدد الكبير منكم الليلة لسماع كيف حصل وادينا على مدرسته.",
        "ja": "今夜、私たちの谷にどのように学校ができたかを聞くために"
        "、こんなに大勢の方が来てくださってとてもうれしいです。",
    },
    "It took nine years, two floods and a bridge before the first child sat down in a classroom.": {
        "es": "Pasaron nueve años, dos inundaciones y un puente antes de que el primer niño se"
        " sentara en un aula.",
        "fr": "Il a fallu neuf ans, deux inondations et un pont avant que le premier enfant ne"
        " s'assoie dans une salle de classe.",
        "de": "Es dauerte neun Jahre, zwei Überschwemmungen und eine Brücke, bis das erste Kind in"
        " einem Klassenzimmer saß.",
        "it": "Ci sono voluti nove anni, due alluvioni e un ponte prima che il primo bambino si"
        " sedesse in un'aula.",
        "pt": "Foram precisos nove anos, duas cheias e uma ponte até que a primeira criança se"
        " sentasse numa sala de aula.",
        "nl": "Het duurde negen jaar, twee overstromingen en een brug voordat het eerste kind in"
        " een klaslokaal zat.",
        "pl": "Potrzeba było dziewięciu lat, dwóch powodzi i mostu, zanim pierwsze dziecko usiadło"
        " w klasie.",
        "ru": "Потребовалось девять лет, два наводнения и мост, прежде чем первый ребёнок сел в"
        " классе.",
        "ar": "استغرق الأمر تسع سنوات وفيضانين وجسرا قبل أن يجلس أول طفل في فصل دراسي.",
        "ja": "最初の子どもが教室に座るまでに、九年と二度の洪水と一本の橋が必要でした。",
    },
    "Please keep your telephones open, because the questions of the audience come at the end.": {
        "es": "Por favor, mantengan sus teléfonos abiertos, porque las preguntas del público vienen"
        " al final.",
        "fr": "Veuillez garder vos téléphones ouverts, car les questions du public viennent à la"
        " fin.",
        "de": "Bitte lassen Sie Ihre Telefone an, denn die Fragen des Publikums kommen am Ende.",
        "it": "Per favore, tenete aperti i vostri telefoni, perché le domande del pubblico"
        " arrivano alla fine.",
        "pt": "Por favor, mantenham os telefones abertos, porque as perguntas do público vêm"
        " no fim.",
        "nl": "Houd uw telefoons open, want de vragen van het publiek komen aan het einde.",
        "pl": "Proszę nie wyłączać telefonów, ponieważ pytania publiczności będą na końcu.",
        "ru": "Пожалуйста, не закрывайте телефоны, потому что вопросы публики будут в конце.",
        "ar": "من فضلكم أبقوا هواتفكم مفتوحة لأن أسئلة الجمهور تأتي في النهاية.",
        "ja": "ご来場の皆さまからの質問は最後にお受けします"
        "ので、電話は開いたままにしておいてください。",
    },
}
