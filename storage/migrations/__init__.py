"""The steps that bring a database from one release to the next, in order; a released one is never edited."""
