"""The stage's command line: what is refused before anything starts."""

import pytest

from infra.local.__main__ import main


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["--hall", "http://hall.local"], "argument --hall: 'http://hall.local' must be an addr"),
        (["--hall", " "], "argument --hall: ' ' must be an address"),
        (["--hall", "a", "b"], "unrecognized arguments: b"),
        (["--certificate"], "--certificate needs --hall: without it no other device reaches"),
        (["--certificate", "hall.pem"], "--certificate needs --hall"),
        (["--hall", "--tls-port", "x"], "argument --tls-port: 'x' is not a port"),
        (["--data-dir="], "argument --data-dir: it must be a directory, such as hall-data"),
        (["--hall", "--without-http"], "--hall needs the stage's own pages"),
    ],
)
def test_what_makes_no_sense_is_one_line(
    argv: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(argv)
    assert ended.value.code == 2
    assert message in capsys.readouterr().err.splitlines()[-1]
