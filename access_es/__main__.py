"""`python -m access_es`."""

import sys

from access_es.cli import main

sys.exit(main())
