"""Makes a portal observable from inside: one call, before its start or in its lifespan."""

from typing import TYPE_CHECKING, Any

from prometheus_client import CollectorRegistry
from starlette.applications import Starlette
from starlette.types import ASGIApp

from monitor.instrumentation.figures import Figures
from monitor.instrumentation.instrumented import InstrumentedApp
from monitor.instrumentation.logs import log_json
from monitor.instrumentation.reporter import HttpReporter, Reporter
from monitor.instrumentation.route import RouteTemplates
from monitor.instrumentation.settings import InstrumentationSettings
from monitor.instrumentation.stack import surrounded
from monitor.instrumentation.statements import Statements

if TYPE_CHECKING:
    import asyncpg

_STATE = "portalwatch"


class Instrumentation:
    """What `instrument` has made of an application. Its registry takes the application's own metrics as well."""

    def __init__(
        self, app: Starlette, settings: InstrumentationSettings, registry: CollectorRegistry, reporter: Reporter | None
    ) -> None:
        self.settings = settings
        self.registry = registry
        self._figures = Figures(registry, statement_names=settings.statement_names)
        self._statements = Statements(settings, self._figures)
        self._templates = RouteTemplates(app.routes)
        self.reporter = reporter
        if reporter is None and settings.report_url and settings.report_token:
            self.reporter = HttpReporter(
                settings.report_url,
                settings.report_token,
                capacity=settings.report_queue,
                count=self._figures.note_report,
            )

    def follow(self, pool: "asyncpg.Pool") -> None:
        """Watch this pool, in place of the one before. Raises TypeError for what is not an asyncpg pool."""
        from monitor.instrumentation.pool import watch_pool  # a portal without asyncpg has no pool of it

        watch_pool(pool, self._statements)
        self._figures.follow(pool)

    def around(self, app: ASGIApp) -> InstrumentedApp:
        """The application with what notes its requests around it."""
        return InstrumentedApp(
            app,
            settings=self.settings,
            templates=self._templates,
            figures=self._figures,
            statements=self._statements,
            reporter=self.reporter,
        )


def instrument(
    app: Starlette,
    *,
    pool: "asyncpg.Pool | None" = None,
    settings: InstrumentationSettings | None = None,
    registry: CollectorRegistry | None = None,
    reporter: Reporter | None = None,
) -> Instrumentation:
    """Instrument a FastAPI or Starlette application, before it starts or in its lifespan, where pools are opened.

    A second call, as of a lifespan that runs again, follows the new pool and leaves all else as it was. Raises
    TypeError for another kind of application, ValueError for a registry that has metrics of these names already.
    """
    if not isinstance(app, Starlette):
        raise TypeError(f"a FastAPI or Starlette application is needed, not {type(app).__name__}")
    done: Instrumentation | None = getattr(app.state, _STATE, None)
    if done is None:
        settings = settings or InstrumentationSettings()
        done = Instrumentation(app, settings, registry or CollectorRegistry(), reporter)
        setattr(app.state, _STATE, done)
        _surround(app, done)
        if settings.log_format == "json":
            log_json()
    if pool is not None:
        done.follow(pool)
    return done


def _surround(app: Any, instrumentation: Instrumentation) -> None:
    """Now, or when the application builds its middlewares."""
    if app.middleware_stack is not None:
        app.middleware_stack = surrounded(app.middleware_stack, instrumentation.around)
        return
    build = app.build_middleware_stack
    app.build_middleware_stack = lambda: surrounded(build(), instrumentation.around)
