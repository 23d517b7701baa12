"""Load scenarios: virtual users who open the portal's pages as advisers do, and what the portal makes of it."""
