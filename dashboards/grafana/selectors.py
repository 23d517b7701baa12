"""The selectors that panels share: what the variables at the top of a dashboard choose."""

HERE = 'job=~"$job", instance=~"$instance"'
# Recorded series have no instance any more.
RECORDED = 'job=~"$job"'
SELECTED = 'series=~"$series"'
