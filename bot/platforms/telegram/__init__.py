"""Telegram: python-telegram-bot's types and errors, on a transport and a polling loop of our own."""

from bot.platforms.telegram.platform import TelegramPlatform

__all__ = ["TelegramPlatform"]
