"""Names that people can read out in a hall: `golden-eagle-427`. A name, not a secret.

A name cannot be found by trying, either: there are 83 million. An attacker with 100 addresses and
10 guesses a minute from each finds one of 50 open sessions in ten minutes with a chance of 0.6 %,
which tests/benchmarks/hall.py calculates and simulates.

The words are friendly and easily typed, in any pair: no word sounds like another or has two
spellings, and no two of a list differ in one letter. Sessions may have older names.
"""

import re
import secrets

ADJECTIVES = """
    able active agile airy alert alpine amazing amber amiable amused ancient arctic artful artistic
    athletic autumn avid awake awesome azure balanced balmy beaming blissful blooming brainy brave
    breezy bright brilliant brisk bronze bubbly bustling busy calm candid capable careful casual
    charming cheerful cheery chirpy classic clear clever coastal comfy cool copper cordial cosmic
    creative crimson crisp cuddly cultured curious curly dainty dancing dapper daring dashing
    dazzling decent delicate diligent direct dreamy dynamic eager early earnest elated elegant
    emerald epic exact expert fabled fabulous famous fancy fantastic fearless festive floating
    floral fluent fluffy flying fond formal fragrant fresh friendly frosty frugal gallant generous
    genial gentle genuine gifted giggly glad gleaming glossy glowing golden graceful gracious grand
    green handy happy harmonic hearty helpful heroic honest hopeful humble iconic ideal indigo
    informed inspired intrepid inventive inviting jaunty jazzy jolly jovial joyful jubilant keen
    kind lavender leafy learned legendary lilac lively local lofty logical lucid lucky luminous
    lunar lush lyrical magenta magnetic majestic mellow melodic mighty mild mindful misty modern
    modest musical natural nautical neat nifty nimble noble notable novel olive open orderly organic
    original outgoing painted patient peaceful peppy perfect playful pleasant poetic polite popular
    precious precise pretty prime prompt proper punctual purple quaint quick quiet quirky radiant
    rapid rare refined relaxed reliable restful robust rolling rosy ruby rustic saffron savvy
    scarlet scenic secure sensible serene shining shiny silent silver sincere singing sleek smart
    smiling smooth snappy snowy snug soaring sociable solar solid sonic sparkling speedy splendid
    sporty spotless stable starry stately steady stellar striped strong studious sturdy stylish
    subtle summery sunlit sunny superb swift tactful talented tasteful teal thankful thorough
    thrifty tidy timely tranquil tropical true trusty tuneful unique upbeat useful valiant vast
    velvet versatile vibrant vigilant violet vital vivid warm watchful wavy welcome wintry wise
    witty wonderful worthy youthful zesty zippy
""".split()
NOUNS = """
    acorn airship album almond alpaca anchor apple apricot arena atlas aurora avenue avocado badger
    bagel balloon bamboo banjo basket beacon bench bicycle biscuit bison blanket blossom blueberry
    bonfire bookcase bracelet branch breeze brick bridge brook bubble bucket bumblebee buttercup
    button cabin cactus campus canary candle canoe canopy canyon caramel caravan carpet cartoon
    castle cedar celery chapter chestnut chipmunk cinema cinnamon circle circus cliff cloud clover
    coast cocoa coffee comet compass concert cookie cottage crane cricket cupcake curtain cushion
    daylight diamond dolphin doorbell dragon drum eagle echo eclipse elephant engine envelope
    equator falcon feather fern festival field finch firefly flamingo flute forest fox gadget galaxy
    gallery garden gazelle giraffe glacier globe granite grove guitar hammock hamster harmonica harp
    harvest hazelnut hedgehog hill holiday honey horizon iceberg island ivy jacket jaguar jigsaw
    journal journey kayak kettle keyboard kitchen kite kitten koala ladder lagoon lake lantern lark
    leaf lemonade lemur leopard lettuce library lion lobster magnet magpie mango maple marble
    marigold market meadow melody meteor mirror moon mosaic mountain mulberry museum music napkin
    nest notebook nutmeg oak oasis ocean octave octopus opera orbit orchard orchestra ostrich otter
    owl palace pancake panda parrot parsley pasta patio pebble pelican pencil penguin pepper piano
    picnic picture pigeon pineapple pixel pizza planet plaza pocket poem polka pond portrait
    postcard potato puffin pumpkin puppy puzzle pyramid quail quilt rabbit radio radish raft railway
    raspberry raven reef ribbon riddle ripple river robin safari sailboat salad scarf scooter
    seahorse seal seashell season shell sketch skylark skyline snowball snowdrop sofa sparrow
    spinach spiral spring squirrel stadium star station stone stork studio summit sunbeam sunflower
    sunrise sunset swan symphony teacup teapot telescope tennis ticket tiger tomato tortoise toucan
    tractor train treasure treehouse truffle tugboat tulip turnip turtle umbrella unicorn universe
    valley vanilla village violin volcano voyage waffle wagon walnut walrus waterfall whistle willow
    windmill window winter wombat woodland workshop zebra zigzag
""".split()

_PATTERN = re.compile(r"[a-z]{2,20}-[a-z]{2,20}-[1-9][0-9]{2}")


def new_session_name() -> str:
    """A random name out of 83 million."""
    return f"{secrets.choice(ADJECTIVES)}-{secrets.choice(NOUNS)}-{100 + secrets.randbelow(900)}"


def is_session_name(text: str) -> bool:
    """Whether the text has a name's form; it says nothing about such a session existing."""
    return _PATTERN.fullmatch(text) is not None
