# The program alone, without a system around it: docker build --tag wabizspec . && docker run --rm wabizspec --help
FROM rust:1.95-alpine AS build
RUN apk add --no-cache musl-dev
WORKDIR /source
COPY . .
# Musl links statically by itself.
RUN cargo build --locked --release --bin wabizspec

FROM scratch
COPY --from=build /source/target/release/wabizspec /wabizspec
# The journal of a run; mount a volume here to keep it.
ENV XDG_STATE_HOME=/state
VOLUME /state
ENTRYPOINT ["/wabizspec"]
