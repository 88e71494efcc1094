// OpenCV's resize of 8-bit images, for models whose training read and resized with it. Not
// Pillow's (media/resize.h): it does not average when it shrinks.
#pragma once

#include "media/image.h"
#include "media/resize.h"

namespace errata::media {

// cv2.resize(image, (width, height), interpolation=cv2.INTER_LINEAR) of OpenCV 4, bit for bit
// (modules/imgproc/src/resize.cpp: weights of 11 bits, the mean of four at exactly half the size).
// 1 or 3 channels; sizes must be > 0 (Error kInternal otherwise). The same size gives a copy.
Image resize_opencv_linear(const Image& image, Size size);

}  // namespace errata::media
