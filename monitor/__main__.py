"""`python -m monitor` is `portalwatch`."""

from monitor.cli import main

main()
