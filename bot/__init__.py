"""Who the bot is: what it knows, what it says, where it talks, when it wakes."""
