"""120 tokens of 20 kinds, each between [ and ] in a sentence of everyday talk.

They are other examples than those of the engine's table of kinds: a pattern that fits its own
examples alone is found here.
"""

from collections.abc import Mapping, Sequence

TOKEN_SENTENCES: Mapping[str, Sequence[str]] = {
    "letters": (
        "The workshop is in room [A] today.", "Please go to gate [E] now.",
        "If that fails, we need a plan [C].", "Oranges have a lot of vitamin [D], some say.",
        "Platform [O] is closed this evening.", "Group [Y] starts before the others.",
    ),
    "sizes and grades": (
        "I would like this shirt in [M], please.", "She got an [A] in history.",
        "Do you have the jacket in [XL]?", "My blood type is [AB].",
        "The song is in [D] minor.", "He learned to write programs in [C++].",
    ),
    "rooms with numbers": (
        "The lunch is served in room [4E].", "My seat is [12A], by the window.",
        "Take bus [7B] to the station.", "Apartment [3O] has a nice view.",
        "The form is called [A4] everywhere.", "We meet at desk [E2] at noon.",
    ),
    "initials": (
        "We read a poem by [T. S. Eliot] at school.", "The book of [J. K. Rowling] is here.",
        "[A. E. Housman] was a poet.", "They spoke about [George W. Bush] all evening.",
        "The speech of [M. L. King] is famous.", "My neighbour knows [E. A. Poe] by heart.",
    ),
    "apostrophe names": (
        "Our guest tonight is [O'Brien] from Dublin.", "[D'Amico] will open the conference.",
        "Please give the microphone to Mrs. [O'Neill].", "I met [O’Hara] last summer.",
        "We bought the cream of [L'Oréal] yesterday.", "The report by [M'Baye] is very good.",
    ),
    "formulas": (
        "Plants turn [CO2] into sugar.", "The air contains [N₂] and other gases.",
        "Do not drink [H₂O₂] at home.", "We need less [SO₂] in the air.",
        "The bottle says [C2H5OH] on it.", "The sea takes up [O₃] as well.",
    ),
    "acronyms": (
        "The [EU] has a new law.", "My sister works for the [UN] in Geneva.",
        "The [NGO] helps people in need.", "Her [CEO] wrote a long letter.",
        "[UNICEF] gave us books for the school.", "We watched the [BBC] last night.",
    ),
    "acronyms with signs": (
        "Our [R&B] concert begins at eight.", "He pays his bills at [AT&T] now.",
        "Where is the [TCP/IP] course?", "The [CD-ROM] is very old.",
        "We stay at a small [B&B] near the sea.", "The [P&L] looks better this year.",
    ),
    "abbreviations": (
        "Bring something warm, [e.g.] a coat.", "The shop opens at seven [p.m.] on Friday.",
        "He came to the [U.K.] as a child.", "She has a [Ph.D.] in biology.",
        "We need paper, pens, [etc.] for the class.", "It is red [vs.] blue in the final.",
    ),
    "times": (
        "The train leaves at [18:45] today.", "Breakfast is served from [7:15 a.m.] in the hotel.",
        "The film starts at [8.30 pm] tonight.", "Come to my office at [11 a.m.] please.",
        "The call is at [6pm] on Monday.", "The doors open at [9:00] and close at ten.",
    ),
    "ordinals": (
        "This is the [2nd] time I ask.", "She lives on the [4th] floor.",
        "He won the [1st] prize.", "We celebrate the [22nd] of May.",
        "It was built in the [19th] century.", "Today is our [100th] meeting.",
    ),
    "list marks": (
        "[b)] Wash your hands.", "[(c)] Read the first page.", "[ii.] Close the window.",
        "[e)] Ask your teacher.", "[(o)] Wait for the answer.", "You can take [(a)] or the other.",
    ),
    "handles": (
        "Follow [@maria_silva] for more news.", "The photo by [@anna.e] is great.",
        "Write your questions with [#AskUs] on the network.", "We love [#a11y] very much.",
        "Thanks to [@OpenDoors] for the help.", "The tag is [#e] and nothing else.",
    ),
    "emoji codes": (
        "Well done [:clap:] to all of you.", "We won the game [:trophy:] yesterday.",
        "Good morning [:coffee:] friends.", "I like this idea [:thumbsup:] very much.",
        "Happy birthday [:cake:] to you.", "See you soon [:wave:] my friend.",
    ),
    "ranges": (
        "Read pages [12-18] for tomorrow.", "The names are sorted [A-Z] in the list.",
        "It takes [3–4] days to arrive.", "The festival is from [2021-2024] in this city.",
        "Children aged [6-12] are welcome.", "Our team won [3-0] last night.",
    ),
    "verses": (
        "Please open your Bible at [Luke 2:14] now.", "The reading is from [Rom 8:28] today.",
        "We heard [Psalm 23:1-3] in the morning.", "He explained [2 Tim 1:7] to us.",
        "My favourite verse is [Gen 1:1] of all.", "[Mark 4:9] tells us to listen.",
    ),
    "versions": (
        "Please install version [3.2] today.", "We found the error in [v1.0.3] yesterday.",
        "The new phone runs [14.1.2] already.", "Release [v9] is the best one.",
        "The program needs [2.0.0-beta] to start.", "They still use version [1.10] at work.",
    ),
    "amounts": (
        "The box weighs [12 kg] with the books.", "The village is [35 km] from here.",
        "The ticket costs [$15] at the door.", "We collected [€1,200] for the school.",
        "The oven is at [180 °C] now.", "The file has [20 MB] in all.",
    ),
    "part numbers": (
        "The museum has a [B-17] from the war.", "We flew in an [A320] to Rome.",
        "Please order the part [XJ-900] again.", "The [F-16] is very loud.",
        "He repaired the [MIG-21] himself.", "Our printer is the [HP-4L] near the door.",
    ),
    "addresses and places to fill": (
        "You find it at [https://example.org/e/a] online.", "Write to [o.e@example.com] for help.",
        "Dear [{first_name}], welcome to our house.", "The page [www.example.com/i] is new.",
        "You have [%d] new letters.", "Open the file [/srv/a/e.txt] first.",
    ),
}  # fmt: skip
