"""What Prometheus needs to watch us: the scrape job, recording rules and alerting rules."""
