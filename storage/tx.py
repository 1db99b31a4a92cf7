"""One transaction, and everything that can be asked and changed in it."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property

from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from bot.errors import StorageError
from storage.audit import Audit
from storage.ballots import Ballots
from storage.bookings import Bookings
from storage.bulletins import Bulletins
from storage.changes import Changes
from storage.chats import Chats
from storage.commons import Commons
from storage.contacts import Contacts
from storage.conversations import Conversations
from storage.custody import Custody
from storage.dispatch import Dispatch
from storage.elements import Elements
from storage.erasure import Erasure
from storage.escalations import Escalations
from storage.files import Attachments, Papers
from storage.handovers import Handovers
from storage.inbox import Inbox
from storage.leases import Leases
from storage.leaves import Leaves
from storage.leftovers import Leftovers
from storage.listing import Listing
from storage.missive_register import MissiveRegister
from storage.missives import Missives
from storage.mornings import Mornings
from storage.orders import Orders
from storage.outbox import Outbox
from storage.people import People
from storage.problems import Problems
from storage.projects import Projects
from storage.pulse import Pulse
from storage.receipts import Receipts
from storage.reports import Reports
from storage.requests import Requests
from storage.retention import Expired
from storage.roster import Rosters
from storage.rounds import Rounds
from storage.routes import Routes
from storage.stages import Stages
from storage.visits import Visits


class Tx:
    """What a handler may remember with and ask of, inside one transaction."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.audit = Audit(connection)
        self.outbox = Outbox(connection)
        self.dispatch = Dispatch(connection)
        self.attachments = Attachments(connection)

    @property
    def owes(self) -> bool:
        """Tell whether this transaction owes somebody a message."""
        return self.outbox.added or self.dispatch.returned

    @property
    def wants(self) -> bool:
        """Tell whether in this transaction something came that must be fetched."""
        return self.attachments.added

    def mark(self) -> int:
        """Return a mark to which `forget` can go back."""
        return self.audit.mark()

    def forget(self, mark: int) -> None:
        """Drop what is held in memory since a mark, after its statements were undone."""
        self.audit.forget(mark)

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """Undo what is done inside if it raises, and nothing else.

        Raise StorageError when it was the database that failed: then all of the transaction is lost.
        """
        mark = self.mark()
        self.connection.exec_driver_sql("SAVEPOINT one")
        try:
            yield
        except OperationalError as error:
            raise StorageError("the database did not take one of several items") from error
        except Exception:
            self.connection.exec_driver_sql("ROLLBACK TO SAVEPOINT one")
            self.connection.exec_driver_sql("RELEASE SAVEPOINT one")
            self.forget(mark)
            raise
        self.connection.exec_driver_sql("RELEASE SAVEPOINT one")

    def settle(self) -> None:
        """Write what was held back until just before the commit."""
        self.audit.settle()

    @cached_property
    def inbox(self) -> Inbox:
        """What reached us."""
        return Inbox(self.connection)

    @cached_property
    def leases(self) -> Leases:
        """Which process does what."""
        return Leases(self.connection)

    @cached_property
    def pulse(self) -> Pulse:
        """When the bot was last at work."""
        return Pulse(self.connection)

    @cached_property
    def people(self) -> People:
        """Who they are and where."""
        return People(self.connection)

    @cached_property
    def contacts(self) -> Contacts:
        """Their accounts."""
        return Contacts(self.connection)

    @cached_property
    def projects(self) -> Projects:
        """What is built."""
        return Projects(self.connection)

    @cached_property
    def reports(self) -> Reports:
        """What the liaisons said."""
        return Reports(self.connection)

    @cached_property
    def rounds(self) -> Rounds:
        """Who was asked, and who is to be."""
        return Rounds(self.connection)

    @cached_property
    def problems(self) -> Problems:
        """What stands in the way, and who holds it."""
        return Problems(self.connection)

    @cached_property
    def custody(self) -> Custody:
        """Who held each problem, and for how long."""
        return Custody(self.connection)

    @cached_property
    def routes(self) -> Routes:
        """Whose a problem is."""
        return Routes(self.connection)

    @cached_property
    def requests(self) -> Requests:
        """What was asked of leaders and the office."""
        return Requests(self.connection)

    @cached_property
    def escalations(self) -> Escalations:
        """The rungs that were climbed."""
        return Escalations(self.connection)

    @cached_property
    def handovers(self) -> Handovers:
        """What passes from one person to another."""
        return Handovers(self.connection)

    @cached_property
    def leaves(self) -> Leaves:
        """Who is on leave, and who acts for them."""
        return Leaves(self.connection)

    @cached_property
    def leftovers(self) -> Leftovers:
        """What the office must decide: dead letters of both directions."""
        return Leftovers(self.connection)

    @cached_property
    def listing(self) -> Listing:
        """The ledger, a page at a time."""
        return Listing(self.connection)

    @cached_property
    def commons(self) -> Commons:
        """What stands in the way of many at once."""
        return Commons(self.connection)

    @cached_property
    def stages(self) -> Stages:
        """How projects go on, and their milestones."""
        return Stages(self.connection)

    @cached_property
    def changes(self) -> Changes:
        """What of their plans was changed."""
        return Changes(self.connection)

    @cached_property
    def elements(self) -> Elements:
        """The 五要件 of projects."""
        return Elements(self.connection)

    @cached_property
    def orders(self) -> Orders:
        """Papers that somebody asked for."""
        return Orders(self.connection)

    @cached_property
    def missives(self) -> Missives:
        """The letters of the office."""
        return Missives(self.connection)

    @cached_property
    def missive_register(self) -> MissiveRegister:
        """The letters that went out, a page at a time."""
        return MissiveRegister(self.connection)

    @cached_property
    def mornings(self) -> Mornings:
        """What a leader finds in the morning."""
        return Mornings(self.connection)

    @cached_property
    def chats(self) -> Chats:
        """The groups."""
        return Chats(self.connection)

    @cached_property
    def conversations(self) -> Conversations:
        """What was asked and not answered."""
        return Conversations(self.connection)

    @cached_property
    def papers(self) -> Papers:
        """What is handed over."""
        return Papers(self.connection)

    @cached_property
    def bulletins(self) -> Bulletins:
        """The papers of the timetable."""
        return Bulletins(self.connection)

    @cached_property
    def ballots(self) -> Ballots:
        """What enterprises are asked, and how often they gave which answer."""
        return Ballots(self.connection)

    @cached_property
    def bookings(self) -> Bookings:
        """Who comes to a reception day."""
        return Bookings(self.connection)

    @cached_property
    def receipts(self) -> Receipts:
        """What went to whom, and who has signed for it."""
        return Receipts(self.connection)

    @cached_property
    def erasure(self) -> Erasure:
        """Forgetting people."""
        return Erasure(self.connection)

    @cached_property
    def expired(self) -> Expired:
        """What is older than the county keeps it."""
        return Expired(self.connection)

    @cached_property
    def rosters(self) -> Rosters:
        """Whole rosters, applied."""
        return Rosters(self.connection, self.audit)

    @cached_property
    def visits(self) -> Visits:
        """Who goes where, and how it was there."""
        return Visits(self.connection)
