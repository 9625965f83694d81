"""The report of a run of replays: one page that stands alone, for people who judge what a change does to callers."""
