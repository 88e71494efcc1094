// libjpeg's headers in the order they need: <cstdio> before jpeglib.h, jerror.h behind it.
#pragma once

// clang-format off
#include <cstddef>
#include <cstdio>
#include <jpeglib.h>
#include <jerror.h>
// clang-format on
