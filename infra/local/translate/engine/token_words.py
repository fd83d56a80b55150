"""The words that decide whether a letter or a word in capitals stands for something."""

# A letter after one of them is its name, even `A` or `I`.
NAMING = (
    "room hall gate plan vitamin point option section part group team block building wing row "
    "seat line track platform terminal exit door level class grade type hepatitis appendix "
    "annex act exhibit table figure chart question answer step phase model size letter bus "
    "stage zone area lot house tower court studio lab unit suite dock bay category series box "
    "key note channel camera route site station article clause item column lane flight book "
    "volume chapter sala portão porta plano vitamina grupo linha"
).split()


# Said loud in a sentence that is not: words, no acronyms. Longer ones are words anyway.
SHOUTED = "|".join(
    (
        "A AM AN AND ALL ALSO ANY ARE AS ASK AT AWAY BACK BAD BE BEEN BEST BIG BOTH BUT BUY BY "
        "CALL CAN COME DAY DID DO DOES DONE DONT DOWN EACH EVEN EVER FAR FAST FEW FIND FIRE "
        "FIVE FOR FOUR FREE FROM FULL GET GIVE GO GOD GOES GOOD GOT HAD HALF HAS HATE HAVE HE "
        "HELP HER HERE HEY HIM HIS HOLD HOPE HOT HOW I IF IN INTO IS ITS JUST KEEP KNOW LAST "
        "LATE LESS LET LIFE LIKE LIVE LONG LOOK LOSE LOST LOVE MADE MAKE MANY MAY ME MINE MORE "
        "MOST MOVE MUCH MUST MY NEAR NEED NEW NEXT NICE NO NONE NOR NOT NOW OF OFF OH OK OLD ON "
        "ONCE ONE ONLY OPEN OR OUR OUT OVER OWN PAST PAY PLAY PUT READ REAL RUN SAFE SAID SAME "
        "SAY SEE SHE SHUT SIT SIX SO SOME SOON STAY STOP SUCH SURE TAKE TALK TELL TEN THAN THAT "
        "THE THEM THEN THEY THIS TIME TO TODAY TOO TOP TRY TWO UP USE VERY WAIT WALK WANT WAR "
        "WAS WAY WE WELL WENT WERE WHAT WHEN WHO WHY WILL WIN WITH WORK WOW YEAR YES YET YOU "
        "YOUR ZERO NÃO SIM MAS COM SEM POR QUE QUEM AGORA NUNCA HOJE BEM MUITO TUDO NADA NEM JÁ "
        "SÓ UM UMA OS AS"
    ).split()
)

# A word that begins the next sentence: before it, `Q.` is the end of one and no initial.
OPENING = "|".join(
    (
        r"A All An And Are As At Because But By Can Did Do Does Each Every For From Have He Her "
        r"Here His How I If In Is It Its Let Many May More Most My Next No Not Now Of On One Or "
        r"Our Please She Should So Some Such Thank Thanks That The Their Then There These They "
        r"This Those To Today Was We Welcome Were What When Where Which Who Why Will With Would "
        r"Yes You Your"
    ).split()
)

UNITS = "|".join(
    (
        r"°\s?[CFK]? km/h m/s km²? cm²? mm²? m[²³]? mi mph ft lbs? oz kg mg µg g mL ml cl L l "
        r"kWh? MWh? GWh? TWh? W V A mA Hz kHz MHz GHz [kKMGT]B [kKMGT]bit/?s? [kMG]bps dB Pa hPa "
        r"kPa bar kJ J kcal cal ms ns µs ha px dpi rpm EUR USD GBP CHF BRL JPY"
    ).split()
)

# The books that are quoted by chapter and verse; the name stays as the speaker said it, so that
# both name and numbers lead to the place.
BOOKS = "|".join(
    (
        "Gen(?:esis)? Ex(?:od|odus)? Lev(?:iticus)? Num(?:bers)? Deut(?:eronomy)? Josh(?:ua)? "
        "Judg(?:es)? Ruth Sam(?:uel)? Kings? Kgs Chr(?:on|onicles)? Ezra Neh(?:emiah)? "
        "Esth(?:er)? Job Ps(?:alms?|s)? Prov(?:erbs)? Eccl(?:es|esiastes)? Song Isa(?:iah)? "
        "Jer(?:emiah)? Lam(?:entations)? Ezek(?:iel)? Dan(?:iel)? Hos(?:ea)? Joel Amos "
        "Obad(?:iah)? Jon(?:ah)? Mic(?:ah)? Nah(?:um)? Hab(?:akkuk)? Zeph(?:aniah)? Hag(?:gai)? "
        "Zech(?:ariah)? Mal(?:achi)? Matt(?:hew)? Mt Mark Mk Luke Lk John Jn Acts Rom(?:ans)? "
        "Cor(?:inthians)? Gal(?:atians)? Eph(?:esians)? Phil(?:ippians)? Col(?:ossians)? "
        "Thess(?:alonians)? Tim(?:othy)? Tit(?:us)? Philem(?:on)? Heb(?:rews)? Jas James "
        "Pet(?:er)? Jude Rev(?:elation)? Surah? Quran"
    ).split()
)
