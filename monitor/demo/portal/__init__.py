"""A sample wealth-management portal to watch: its shape, endpoints, volumes and faults, and nothing of the product.

Run it with `python -m monitor.demo.portal --port 8001`; DATABASE_URL, JWT_SECRET and ACCESS_TOKEN_EXPIRE_MINUTES come
from the environment, as the portal it is modelled on takes them.
"""

from monitor.demo.portal.app import create_portal
from monitor.demo.portal.database import ADVISERS, LARGE, SERVICE, SMALL, Volume, count_statements, install

__all__ = ["ADVISERS", "LARGE", "SERVICE", "SMALL", "Volume", "count_statements", "create_portal", "install"]
