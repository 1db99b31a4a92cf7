"""A county's year through the real engine, and a checker that believes none of it."""
