"""The web process stays small: what a request loads in a fresh process."""

import subprocess
import sys
from pathlib import Path

HEAVY = {"geopandas", "ortools", "osmium", "pandas", "pymetis", "pyogrio", "pyvrp", "sqlite_utils", "typer", "rich"}


def test_serving_every_page_loads_nothing_heavy(desk_region: Path, lead_secret: str) -> None:
    program = (
        "import sys\n"
        "from pathlib import Path\n"
        "from web.app import create_app\n"
        "from web.settings import Settings\n"
        "client = create_app(Settings(Path(sys.argv[1]))).test_client()\n"
        "client.set_cookie('session', sys.argv[2])\n"
        "for path in ('/map', '/streets', '/streets/R00', '/crews/C1', '/colours.bin', '/streets.json?q=a',\n"
        "             '/candidates', '/candidates/table', '/calls', '/funnel', '/brings', '/posters', '/reps', '/onboarding', '/data'):\n"
        "    assert client.get(path).status_code == 200, path\n"
        "print(' '.join(sorted({name.split('.')[0] for name in sys.modules})))\n"
    )
    answer = subprocess.run(
        [sys.executable, "-c", program, desk_region, lead_secret],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert not HEAVY & set(answer.stdout.split())
