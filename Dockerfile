# One image for everything we run; a container's command says which part it is.
# The builder may be the plain one: no `# syntax`, no heredocs, no `--mount`.

FROM python:3.13-slim-trixie AS built
WORKDIR /srv/shegong
COPY deploy/image.lock deploy/image.lock
# The virtual environment has no pip: nothing is installed where it runs.
RUN python -m venv --without-pip /opt/shegong \
 && python -m pip --python /opt/shegong/bin/python install --quiet --no-cache-dir --no-compile \
      --disable-pip-version-check --no-deps --only-binary :all: --require-hashes -r deploy/image.lock
COPY chassis chassis
COPY contracts contracts
COPY policies policies
COPY services services
COPY gateway gateway
COPY deploy deploy
# Compiled once: the file system is read-only where it runs.
RUN /opt/shegong/bin/python -m compileall -q -j 0 /opt/shegong/lib chassis contracts services gateway deploy

FROM python:3.13-slim-trixie
LABEL org.opencontainers.image.title="shegong" \
      org.opencontainers.image.description="社工站: social work service stations for many cities"
# A new volume takes the owner of the folder it is mounted on.
RUN useradd --system --uid 10001 --user-group --no-create-home --shell /usr/sbin/nologin shegong \
 && install -d -m 0700 -o shegong -g shegong \
      /var/lib/shegong/keys /var/lib/shegong/signing /var/lib/shegong/vault \
      /var/lib/shegong/state /var/lib/shegong/operators /var/lib/shegong/nats
COPY --from=built /opt/shegong /opt/shegong
COPY --from=built /srv/shegong /srv/shegong
WORKDIR /srv/shegong
ENV PATH=/opt/shegong/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
USER 10001:10001
ENTRYPOINT ["python", "-m", "deploy.compose.run"]
CMD ["deploy.cli", "--help"]
