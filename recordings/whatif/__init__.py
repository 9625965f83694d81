"""What if: journals of calls that were, on a plan or a topic model that is not live yet."""
