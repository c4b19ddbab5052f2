# One image, three commands: `serve intake`, `serve dispatch`, `serve reply`.
FROM python:3.13-slim

RUN useradd --system --create-home --home-dir /var/lib/waterdesk waterdesk
WORKDIR /opt/waterdesk

COPY requirements.lock ./
RUN pip install --no-cache-dir --require-hashes -r requirements.lock

COPY pyproject.toml README.md LICENSE NOTICE ./
COPY services services
COPY shared shared
COPY waterdesk waterdesk
RUN pip install --no-cache-dir --no-deps --no-build-isolation .

USER waterdesk
ENV WATERDESK_HOME=/var/lib/waterdesk \
    WATERDESK_HOST=0.0.0.0
EXPOSE 8100 8101 8102
ENTRYPOINT ["waterdesk"]
CMD ["--help"]
