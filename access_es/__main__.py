"""`python -m access_es`."""

import sys


def main() -> int:
    if "serve" in sys.argv:
        from access_es.server.cooperative import make_cooperative

        make_cooperative()  # before anything is imported that waits for something
    from access_es.cli import main as run_command

    return run_command()


if __name__ == "__main__":
    sys.exit(main())
