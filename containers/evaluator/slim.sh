#!/bin/sh
# Takes Node's binary out of node_modules, and leaves there what this kind of machine runs: no libraries of other platforms,
# no types, no maps, no second copy of the AWS SDK for bundlers.
#   slim.sh NODE_MODULES NODE
set -eu
modules=$1
arch=$(node -p process.arch)
strip --strip-all -o "$2" "$modules/node-linux-$arch/bin/node"
# the package of Node stays known by name and version
find "$modules/node-linux-$arch" -mindepth 1 -maxdepth 1 ! -name package.json ! -name LICENSE -exec rm -rf {} +
find "$modules/onnxruntime-node/bin" -mindepth 2 -maxdepth 2 ! -name linux -exec rm -rf {} +
find "$modules/onnxruntime-node/bin" -mindepth 3 -maxdepth 3 ! -name "$arch" -exec rm -rf {} +
# tar-stream asks for these where it runs on Bare, another runtime
rm -rf "$modules"/bare-*
rm -rf "$modules"/@img/*musl* "$modules"/@node-rs/*musl* "$modules"/.package-lock.json "$modules"/.bin
find "$modules/@aws-sdk" "$modules/@smithy" -type d \( -name dist-es -o -name dist-types \) -prune -exec rm -rf {} +
find "$modules" -type f \( -name '*.d.ts' -o -name '*.d.mts' -o -name '*.d.cts' -o -name '*.map' -o -name '*.md' -o -name '*.ts' \) -delete
find "$modules" -type d -empty -delete
