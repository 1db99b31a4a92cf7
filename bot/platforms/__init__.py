"""Where the bot talks: one package for each chat platform, all alike through ``bot.chat``."""
