"""Many fixtures at once against a hotline that runs: keys that got lost, wrong routes, delays."""
