# Predictions over HTTP by a trained model, which stays outside the image:
#     docker build --tag relation-pipeline .
#     docker run --publish 127.0.0.1:8000:8000 --volume "$PWD/models:/models:ro" relation-pipeline
FROM python:3.11-slim
COPY requirements-predict.lock /build/
RUN pip install --no-cache-dir --no-deps --require-hashes --requirement /build/requirements-predict.lock
COPY pyproject.toml README.md LICENSE /build/
COPY pipeline /build/pipeline
RUN pip install --no-cache-dir --no-deps --no-build-isolation /build && rm -r /build
USER nobody
EXPOSE 8000
ENTRYPOINT ["relation-pipeline"]
CMD ["serve", "/models/relation", "--host", "0.0.0.0"]
