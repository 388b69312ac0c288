"""What libraries print past Python does not mix with our answer."""

import subprocess
import sys

CHATTY = """
import ctypes
from fieldops.cli.console import own_stdout, print_json
with own_stdout():
    ctypes.CDLL(None).puts(b"chatter")
print_json({})
"""


def test_what_a_library_prints_past_python_goes_to_stderr_and_the_answer_stays_one_document() -> None:
    done = subprocess.run([sys.executable, "-c", CHATTY], capture_output=True, text=True, check=True)
    assert done.stdout == "{}\n"
    assert "chatter" in done.stderr
