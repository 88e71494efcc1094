#!/usr/bin/env bash
# Installs what Errata needs to build and run its tests, and nothing else. Run it as often as you
# like: what is there already is left alone.
#   cmake/setup.sh            everything
#   cmake/setup.sh --no-torch without LibTorch (build with -DERRATA_INFER=OFF)
# System packages come through apt, LibTorch and Dear ImGui through pip into .deps (git ignores it).
set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
deps="${ERRATA_DEPS:-$root/.deps}"
torch_version=2.13.0
imgui_version=1.92.801
imgui_sha256=7d790708affe7476969d397784b40eb91760a201ce752131e5bedf4d514e3a45
with_torch=1
for argument in "$@"; do
  case "$argument" in
    --no-torch) with_torch=0 ;;
    *) sed -n '2,6s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; exit 2 ;;
  esac
done

packages=(
  g++ cmake ninja-build git ca-certificates python3 python3-venv python3-dev
  libsqlite3-dev libopencv-dev libglfw3-dev nlohmann-json3-dev doctest-dev libcli11-dev
  libfmt-dev libjpeg62-turbo-dev libpng-dev zlib1g-dev libzip-dev libzstd-dev libxxhash-dev
  libpugixml-dev libssl-dev libgl-dev libgl1-mesa-dri xvfb ccache mold clang-format fonts-inter
  fonts-dejavu-core fonts-droid-fallback fonts-nanum libfribidi-dev
  libyaml-cpp-dev libeigen3-dev
  dataset-fashion-mnist
)

missing=()
for package in "${packages[@]}"; do
  status="$(dpkg-query -W -f '${Status}' "$package" 2>/dev/null || true)"
  [ "$status" = "install ok installed" ] || missing+=("$package")
done

if [ "${#missing[@]}" -gt 0 ]; then
  as_root=()
  [ "$(id -u)" -eq 0 ] || as_root=(sudo)
  if [ "$(id -u)" -ne 0 ] && ! sudo -n true 2>/dev/null && [ ! -t 0 ]; then
    echo "setup: these packages are missing and this user may not install them. Run:" >&2
    echo "  sudo apt-get install -y --no-install-recommends ${missing[*]}" >&2
    exit 1
  fi
  echo "setup: installing ${#missing[@]} Debian packages: ${missing[*]}"
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update -q >/dev/null
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q \
    --no-install-recommends "${missing[@]}" >/dev/null
fi

mkdir -p "$deps"
python="$deps/venv/bin/python"
if [ ! -x "$python" ]; then
  python3 -m venv "$deps/venv"
fi

if [ "$with_torch" -eq 1 ] &&
   ! "$python" -c "import torch, sys; sys.exit(torch.__version__.split('+')[0] != '$torch_version')" \
     2>/dev/null; then
  echo "setup: installing LibTorch (the torch wheel): about 200 MB to download for the CPU build," \
       "about 3 GB for the CUDA build"
  "$python" -m pip install -q "torch==$torch_version" numpy 2>&1 | grep -v '^WARNING' || true
  "$python" -c "import torch, numpy" || { echo "setup: torch did not install" >&2; exit 1; }
fi

imgui="$deps/imgui_bundle-$imgui_version"
if [ ! -d "$imgui/external" ]; then
  echo "setup: fetching Dear ImGui, ImPlot and the test engine (imgui-bundle's sources, 48 MB)"
  "$python" -m pip install -q scikit-build-core pybind11 nanobind 2>&1 | grep -v '^WARNING' || true
  "$python" -m pip download -q --no-deps --no-build-isolation --no-binary :all: \
    -d "$deps/src" "imgui-bundle==$imgui_version" 2>&1 | grep -v '^WARNING' || true
  archive="$deps/src/imgui_bundle-$imgui_version.tar.gz"
  echo "$imgui_sha256  $archive" | sha256sum -c --quiet
  unpacked="$(mktemp -d "$deps/unpack.XXXXXX")"
  tar -xzf "$archive" -C "$unpacked" \
    "imgui_bundle-$imgui_version/LICENSE" \
    "imgui_bundle-$imgui_version/external/imgui" \
    "imgui_bundle-$imgui_version/external/implot" \
    "imgui_bundle-$imgui_version/external/imgui_test_engine" \
    "imgui_bundle-$imgui_version/external/portable_file_dialogs"
  mv "$unpacked/imgui_bundle-$imgui_version" "$imgui"
  rmdir "$unpacked"
fi
