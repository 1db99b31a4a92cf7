"""Who may see and write what of projects that are named in words."""

from collections.abc import Callable

from bot.domain.projects import Project
from bot.domain.rights import notes_approvals, sees_county
from bot.domain.scope import Scope, ScopeKind
from bot.domain.words import visible
from bot.errors import Refused
from handlers import four_lists, pointing
from handlers.turn import Turn

_EDGES = " ，,：:"


def papers_of(word: str) -> Callable[[Turn], tuple[Scope]]:
    """Let the office and the heads have a paper of anything, anybody else of their own projects."""

    def right(turn: Turn) -> tuple[Scope]:
        words = turn.argument
        if sees_county(turn.sender):
            scope = four_lists.anywhere(turn, words)
            if scope is None:
                raise Refused("four_lists.unknown", words=visible(words), word=word)
            return (scope,)
        if not words:
            return (four_lists.of(turn, turn.sender),)
        project = pointing.concerned(turn, words)
        if project is None:
            raise Refused("four_lists.not_yours", word=word)
        return (Scope(ScopeKind.TASK_FORCE, project.number),)

    return right


def elements(turn: Turn) -> tuple[Project | None, str]:
    """Let whom a project concerns see its five; the office and who leads it write them."""
    project = pointing.concerned(turn, turn.argument)
    if project is not None:
        return project, ""
    if turn.sender.is_office:
        return pointing.anywhere(turn, turn.argument)
    if not turn.led:
        raise Refused("elements.not_yours")
    return pointing.among(turn.argument, [project for project, _ in turn.led.values()])


def approvals(turn: Turn) -> tuple[Project | None, str]:
    """Let whom a project concerns see its approvals; the office and the departments note how they stand."""
    if notes_approvals(turn.sender):
        return pointing.anywhere(turn, turn.argument)
    name, _, words = turn.argument.partition(" ")
    project = pointing.concerned(turn, name)
    if project is not None and words.strip(_EDGES):
        raise Refused("approvals.not_yours")
    return project, ""


def departments(turn: Turn) -> tuple[()]:
    """Let the office and the departments."""
    if not notes_approvals(turn.sender):
        raise Refused("approvals.not_yours")
    return ()
