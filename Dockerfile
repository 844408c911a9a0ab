# The image holds Python, wherespent and its locked dependencies: no compiler, no uv, no key.
#
#     docker build -t wherespent .
#     docker run -p 127.0.0.1:8050:8050 -v wherespent:/data \
#       -e WHERESPENT_PASSWORD=… -e OPENAI_ADMIN_KEY=sk-admin-… wherespent
#
# Secrets come at run time only, as variables or as files (WHERESPENT_PASSWORD_FILE=/run/secrets/…).

FROM python:3.12-slim AS build
ENV UV_COMPILE_BYTECODE=1 \
    UV_LINK_MODE=copy \
    UV_PROJECT_ENVIRONMENT=/opt/wherespent \
    UV_PYTHON_DOWNLOADS=never
RUN pip install --no-cache-dir --root-user-action=ignore uv
WORKDIR /src
# Dependencies change less often than the program: they are a layer of their own.
COPY pyproject.toml uv.lock ./
RUN uv sync --frozen --no-dev --no-install-project
COPY LICENSE README.md ./
COPY alembic alembic
COPY src src
# The libraries' own tests and C headers are a seventh of the image, and nothing runs them.
RUN uv sync --frozen --no-dev --no-editable \
 && find /opt/wherespent/lib -depth -type d \( -name tests -o -path '*/pyarrow/include' \) \
    -exec rm -rf {} +

FROM python:3.12-slim
# A number, so that an orchestrator can tell that this is not root.
RUN useradd --uid 10001 --no-create-home --home-dir /data --shell /usr/sbin/nologin wherespent \
 && install --directory --owner 10001 --group 10001 --mode 0700 /data
COPY --from=build /opt/wherespent /opt/wherespent
ENV PATH=/opt/wherespent/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    WHERESPENT_DATABASE_URL=sqlite:////data/wherespent.db \
    WHERESPENT_HOST=0.0.0.0 \
    WHERESPENT_PORT=8050
USER 10001:10001
WORKDIR /data
VOLUME /data
EXPOSE 8050
# `python` is there in any case, `curl` is not; a proxy of the environment is not asked.
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as r; r.build_opener(r.ProxyHandler({})).open('http://127.0.0.1:' + os.environ.get('WHERESPENT_PORT', '8050') + '/healthz', timeout=4)"]
ENTRYPOINT ["wherespent"]
CMD ["serve"]
