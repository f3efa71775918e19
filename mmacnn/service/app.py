# Copyright (c) mmacnn authors. All rights reserved.
"""The service's addresses, as an ASGI application."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import fields
from pathlib import Path
from typing import get_type_hints

from fastapi import FastAPI, Request
from fastapi.responses import FileResponse, JSONResponse, Response
from pydantic import BaseModel, ConfigDict, Field, create_model
from starlette.requests import ClientDisconnect

from mmacnn.inference.result import InspectionResult
from mmacnn.version import __version__

from .access import make_guard
from .service import Service
from .uploads import Refused

FOLDER = Path(__file__).parent
PAGE = {'/': 'page.html', '/page.css': 'page.css', '/page.js': 'page.js'}
ARRAYS = ('heatmap', 'mask')
BODY = {
    'requestBody': {
        'required': True,
        'description': 'an image file: JPEG, PNG, BMP, PPM or TIFF',
        'content': {'image/*': {'schema': {'type': 'string', 'format': 'binary'}}},
    }
}


class Refusal(BaseModel):
    """Why there is no result."""

    error: str


class Correction(BaseModel):
    """What an image shows."""

    model_config = ConfigDict(extra='forbid')

    id: str = Field(description='of the result')
    label: str = Field(description="a class; '' says that nothing is there")
    boxes: list[tuple[float, float, float, float]] | None = Field(
        None, max_length=1000, description='left, top, right, bottom in pixels'
    )


def _answer_model() -> type[BaseModel]:
    """The fields of a result in the schema, as they are in Python."""
    hints = get_type_hints(InspectionResult)
    names = [each.name for each in fields(InspectionResult) if each.name not in ARRAYS]
    known = {name: (hints[name], ...) for name in names}
    return create_model('InspectionResult', id=(str, ...), **known)


def make_app(service: Service) -> FastAPI:
    """The application.

    Args:
        service: Is closed when the application ends.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        yield
        service.close()

    # Pages that explain the schema load their scripts from the internet: none here.
    app = FastAPI(
        title='mmacnn',
        version=__version__,
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
    )
    app.middleware('http')(make_guard(service.settings.token))
    refusals = {
        status: dict(model=Refusal) for status in (401, 408, 413, 415, 422, 500, 503)
    }

    @app.exception_handler(Refused)
    async def refuse(request: Request, error: Refused) -> JSONResponse:
        service.metrics.refused.labels(error.status).inc()
        headers = {'retry-after': '1'} if error.status == 503 else None
        return JSONResponse(dict(error=str(error)), error.status, headers)

    @app.exception_handler(ClientDisconnect)
    async def forget(request: Request, error: ClientDisconnect) -> Response:
        service.metrics.refused.labels('gone').inc()
        return Response(status_code=400)

    @app.post(
        '/inspect',
        openapi_extra=BODY,
        responses={**refusals, 200: dict(model=_answer_model())},
    )
    async def inspect(request: Request, name: str = '') -> JSONResponse:
        """Inspect an image; `name` is how the result calls it."""
        length = request.headers.get('content-length')
        return JSONResponse(await service.inspect(request.stream(), length, name))

    @app.post('/feedback', responses=refusals)
    def correct(correction: Correction) -> dict[str, str]:
        """Store an image with its label."""
        stored = service.correct(correction.id, correction.label, correction.boxes)
        return dict(stored=stored)

    @app.get('/health')
    async def health() -> JSONResponse:
        """Whether results can be expected: status 200, else 503."""
        error = service.batches.error
        is_well = service.batches.is_alive() and not error
        content = dict(status='ok' if is_well else 'failing', error=error)
        return JSONResponse(content, 200 if is_well else 503)

    @app.get('/metrics')
    async def metrics() -> Response:
        """For Prometheus."""
        return Response(service.metrics.text(), media_type='text/plain; version=0.0.4')

    @app.get('/status')
    async def status() -> JSONResponse:
        """Counts and the last results."""
        return JSONResponse(service.status())

    @app.get('/picture/{id}')
    def picture(id: str) -> Response:
        """A kept image with the prediction drawn on it."""
        drawn = service.history.picture(service.find(id))
        return Response(drawn, media_type='image/jpeg')

    @app.get('/image/{id}')
    def image(id: str) -> Response:
        """A kept image for looking at; it is kept longer then."""
        return Response(service.find(id, choose=True).view(), media_type='image/jpeg')

    for path, name in PAGE.items():
        app.add_api_route(path, _sender(name), include_in_schema=False)
    return app


def _sender(name: str):
    async def send() -> FileResponse:
        return FileResponse(FOLDER / name)

    return send
