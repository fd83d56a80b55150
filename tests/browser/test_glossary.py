"""The glossary in the speaker's page: filled, pasted, opened, refused, saved and used again."""

from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.stub_stage import Message, StubStage
from tests.browser.test_speaker import start
from tests.fakes.domain import PATIENCE

PASTE = """([field, text]) => {
    const clipboardData = new DataTransfer();
    clipboardData.setData("text/plain", text);
    const options = { clipboardData, bubbles: true, cancelable: true };
    field.dispatchEvent(new ClipboardEvent("paste", options));
}"""


def open_glossary(page: Page) -> Locator:
    """Opens the panel."""
    page.get_by_role("button", name="Names and words").click()
    panel = page.get_by_role("dialog", name="Names and words")
    expect(panel.get_by_label("Said, row 1", exact=True)).to_be_visible()
    return panel


def saved(stub: StubStage, panel: Locator, terms: int) -> Message:
    """What is in force after a click on Save."""
    panel.get_by_role("button", name="Save", exact=True).click()
    # Five hundred rows are written anew: longer than other things take on a busy machine.
    expect(panel.get_by_role("status")).to_contain_text("Saved.", timeout=PATIENCE * 1_000)
    assert len(stub.glossary["terms"]) == terms
    return stub.glossary


def test_a_session_is_opened_in_the_tone_that_was_chosen(
    stub: StubStage, open_page: OpenPage
) -> None:
    page = open_page(stub.http, locale="en")
    page.get_by_text("Tone of the translations").click()
    page.get_by_label("Mask swear words").check()
    page.get_by_label("Form of address").select_option("Formal")
    start(stub, page)
    page.get_by_role("button", name="End session").click()
    page.get_by_role("button", name="End it").click()
    # The stub has ended the session when the button is there: from then on it may be another's.
    expect(page.get_by_role("button", name="Start another session")).to_be_visible()
    stub.session.is_active = True
    page.get_by_role("button", name="Start another session").click()
    page.get_by_role("button", name="Start a session").click()
    expect(page.locator("#state")).to_have_text("Live")
    chosen = {"sourceLanguage": "en", "profanity": "mask", "formality": "formal"}
    assert stub.wanted == [chosen, {"sourceLanguage": "en"}]


def test_a_table_is_filled_by_hand_and_shows_what_is_in_force(
    stub: StubStage, open_page: OpenPage
) -> None:
    page = open_page(stub.http, locale="en")
    socket = start(stub, page)
    stub.show_roster(socket, es=3)
    expect(page.locator("#roster li")).to_have_count(1)
    stub.glossary = {"terms": [{"source": "grace", "targets": {"pt": "graça"}}], "blocked": ["x"]}
    panel = open_glossary(page)
    expect(panel.get_by_label("português (Brasil), row 1", exact=True)).to_have_value("graça")
    expect(panel.get_by_label("Keep as it is, row 1", exact=True)).not_to_be_checked()
    expect(panel.get_by_label("Blocked words")).to_have_value("x")
    # By keyboard: Enter goes down, as in a spreadsheet.
    panel.get_by_label("Said, row 1", exact=True).focus()
    page.keyboard.press("Enter")
    page.keyboard.type("Grace Hall")
    page.keyboard.press("Enter")
    page.keyboard.type("AI")
    expect(panel.get_by_label("Keep as it is, row 3", exact=True)).to_be_checked()
    panel.get_by_label("español, row 3", exact=True).fill("IA")
    expect(panel.get_by_label("Keep as it is, row 3", exact=True)).not_to_be_checked()
    panel.get_by_label("Exact capitals, row 3", exact=True).check()
    panel.get_by_label("Add a language").select_option("ar")
    panel.get_by_label("العربية, row 2", exact=True).fill("قاعة")
    panel.get_by_label("Blocked words").fill("one\n\n two ")
    expect(panel.locator("#words-size")).to_contain_text("3 of 500 words, 2 of 100 blocked words")
    assert saved(stub, panel, 3) == {
        "terms": [
            {"source": "grace", "targets": {"pt": "graça"}},
            {"source": "Grace Hall", "targets": {"ar": "قاعة"}},
            {"source": "AI", "targets": {"es": "IA"}, "caseSensitive": True},
        ],
        "blocked": ["one", "two"],
    }
    expect(panel.get_by_role("status")).to_contain_text(
        "In force from the next sentence: 3 words, 2 blocked words."
    )
    panel.get_by_role("button", name="Remove, row 1").click()
    expect(panel.get_by_label("Said, row 1", exact=True)).to_be_focused()
    panel.get_by_role("button", name="Close").click()
    expect(page.locator("#words-state")).to_have_text("Changes are not saved")
    # What is not saved yet is still there.
    expect(open_glossary(page).get_by_label("Said, row 1", exact=True)).to_have_value("Grace Hall")


def test_a_spreadsheet_and_a_file_fill_the_table_and_a_file_comes_out(
    stub: StubStage, open_page: OpenPage
) -> None:
    page = open_page(stub.http, locale="en")
    socket = start(stub, page)
    stub.show_roster(socket, es=1)
    expect(page.locator("#roster li")).to_have_count(1)
    panel = open_glossary(page)
    field = panel.get_by_label("Said, row 1", exact=True).element_handle()
    page.evaluate(PASTE, [field, 'Grace Hall\t\ngrace\tgracia\n"Room ""E"""\t\n'])
    expect(panel.get_by_label("Said, row 4", exact=True)).to_be_focused()
    expect(panel.get_by_label("Keep as it is, row 1", exact=True)).to_be_checked()
    expect(panel.get_by_label("español, row 2", exact=True)).to_have_value("gracia")
    file = (
        "\ufeffSource;keep;caseSensitive;pt-BR;tlh;blocked\r\n"
        'hall;;x;"salão; grande";;\r\nAI;true;;;;\r\n;;;;;darn\r\n'
    )
    panel.locator("input[type=file]").set_input_files(
        {"name": "words.csv", "mimeType": "text/csv", "buffer": file.encode()}
    )
    expect(panel.get_by_role("alert")).to_have_text(
        "Left out, because columns are named by codes such as es: tlh"
    )
    assert saved(stub, panel, 5)["terms"] == [
        {"source": "Grace Hall", "keep": True},
        {"source": "grace", "targets": {"es": "gracia"}},
        {"source": 'Room "E"', "keep": True},
        {"source": "hall", "targets": {"pt": "salão; grande"}, "caseSensitive": True},
        {"source": "AI", "keep": True},
    ]
    with page.expect_download() as download:
        panel.get_by_role("button", name="Save as CSV").click()
    assert download.value.path().read_text(encoding="utf-8") == (
        "source,keep,caseSensitive,blocked,es,pt\n"
        "Grace Hall,true,,,,\ngrace,,,,gracia,\n"
        '"Room ""E""",true,,,,\nhall,,true,,,"salão; grande"\nAI,true,,,,\n,,,darn,,\n'
    )


def test_what_is_wrong_is_said_in_its_row_and_nothing_is_lost(
    stub: StubStage, open_page: OpenPage
) -> None:
    page = open_page(stub.http, locale="en")
    start(stub, page)
    panel = open_glossary(page)
    field = panel.get_by_label("Said, row 1", exact=True)
    page.evaluate(PASTE, [field.element_handle(), "\n".join(f"name {n}" for n in range(501))])
    panel.get_by_role("button", name="Save", exact=True).click()
    expect(panel.get_by_role("alert")).to_have_text("Too many words: 501, of 500 at most")
    panel.get_by_role("button", name="Remove, row 501").click()
    # An empty row between: the server counts terms, the person counts rows.
    panel.get_by_label("Said, row 2", exact=True).fill("")
    panel.get_by_label("Said, row 4", exact=True).fill("name 0")
    panel.get_by_role("button", name="Save", exact=True).click()
    expect(panel.get_by_role("alert")).to_have_text("Row 4: this source is there already")
    wrong = panel.get_by_label("Said, row 4", exact=True)
    expect(wrong).to_be_focused()
    expect(wrong).to_have_accessible_description("this source is there already")
    wrong.fill("name 3")
    panel.get_by_label("Keep as it is, row 3", exact=True).uncheck()
    panel.get_by_role("button", name="Save", exact=True).click()
    expect(panel.get_by_role("alert")).to_contain_text("Row 3: Keep it as it is, or say it")
    expect(wrong).to_have_attribute("aria-invalid", "false")
    panel.get_by_label("Keep as it is, row 3", exact=True).check()
    stub.kill_http()
    panel.get_by_role("button", name="Save", exact=True).click()
    expect(panel.get_by_role("alert")).to_contain_text("Not saved. The server does not answer.")
    stub.revive_http()
    assert len(saved(stub, panel, 499)["terms"]) == 499


def test_the_next_session_can_use_the_words_of_last_time(
    stub: StubStage, open_page: OpenPage
) -> None:
    page = open_page(stub.http, locale="en")
    start(stub, page)
    again = page.get_by_role("button", name="Use the words of last time")
    panel = open_glossary(page)
    panel.get_by_label("Said, row 1", exact=True).fill("Grace Hall")
    panel.get_by_label("Blocked words").fill("x")
    words = saved(stub, panel, 1)
    page.reload()
    expect(page.locator("#state")).to_have_text("Live")
    expect(again).to_be_hidden()
    page.get_by_role("button", name="End session").click()
    page.get_by_role("button", name="End it").click()
    another = page.get_by_role("button", name="Start another session")
    expect(another).to_be_visible()  # the stub, too, has ended the first one
    stub.session.is_active, stub.session.session_id = True, "quiet-river-100"
    stub.glossary = {"terms": [], "blocked": []}
    another.click()
    page.get_by_role("button", name="Start a session").click()
    again.click()
    expect(page.locator("#words-state")).to_contain_text("1 word, 1 blocked word in force")
    assert stub.glossary == words
    expect(again).to_be_hidden()
