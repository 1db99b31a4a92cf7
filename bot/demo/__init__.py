"""A whole county to try everything with: invented people, a clock to push, no account needed."""
