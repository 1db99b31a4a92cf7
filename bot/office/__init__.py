"""The office's own web pages; today, the health of the bot."""
