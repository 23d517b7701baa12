"""The way to a web server: what kinds that speak HTTP share."""
