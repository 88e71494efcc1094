#include "tests/support/synthetic_dataset.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <random>

#include "base/files.h"

namespace errata::test {

namespace {

uint32_t crc32_png(std::string_view bytes) {
  uint32_t crc = 0xFFFFFFFFu;
  for (const char c : bytes) {
    crc ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1u) != 0 ? 0xEDB88320u : 0u);
  }
  return crc ^ 0xFFFFFFFFu;
}

uint32_t adler32(std::string_view bytes) {
  uint32_t a = 1;
  uint32_t b = 0;
  for (const char c : bytes) {
    a = (a + static_cast<unsigned char>(c)) % 65521;
    b = (b + a) % 65521;
  }
  return (b << 16) | a;
}

void put_u32_big(std::string& to, uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) to += static_cast<char>((value >> shift) & 0xFF);
}

void put_chunk(std::string& png, std::string_view type, std::string_view data) {
  put_u32_big(png, static_cast<uint32_t>(data.size()));
  const std::string body = std::string(type) + std::string(data);
  png += body;
  put_u32_big(png, crc32_png(body));
}

// zlib stream of stored blocks: no compression, so nothing but the checksum to get right.
std::string zlib_stored(std::string_view raw) {
  std::string out("\x78\x01", 2);
  for (size_t at = 0; at < raw.size() || at == 0;) {
    const size_t n = std::min<size_t>(65535, raw.size() - at);
    out += static_cast<char>(at + n == raw.size() ? 1 : 0);
    const auto length = static_cast<uint16_t>(n);
    out += static_cast<char>(length & 0xFF);
    out += static_cast<char>(length >> 8);
    out += static_cast<char>(~length & 0xFF);
    out += static_cast<char>((~length >> 8) & 0xFF);
    out += raw.substr(at, n);
    at += n;
    if (n == 0) break;
  }
  put_u32_big(out, adler32(raw));
  return out;
}

void put_png_start(std::string& png, uint32_t width_px, uint32_t height_px, size_t channels) {
  png.append("\x89PNG\r\n\x1a\n", 8);
  std::string header;
  put_u32_big(header, width_px);
  put_u32_big(header, height_px);
  header += '\x08';
  header += static_cast<char>(channels == 3 ? 2 : 0);
  header.append(3, '\0');
  put_chunk(png, "IHDR", header);
}

}  // namespace

std::string encode_png(size_t width_px, size_t height_px, size_t channels,
                       const std::vector<uint8_t>& pixels) {
  std::string png;
  put_png_start(png, static_cast<uint32_t>(width_px), static_cast<uint32_t>(height_px), channels);
  std::string raw;
  const size_t row_bytes = width_px * channels;
  for (size_t y = 0; y < height_px; ++y) {
    raw += '\0';
    raw.append(reinterpret_cast<const char*>(pixels.data()) + y * row_bytes, row_bytes);
  }
  put_chunk(png, "IDAT", zlib_stored(raw));
  put_chunk(png, "IEND", {});
  return png;
}

std::string encode_pnm(size_t width_px, size_t height_px, size_t channels,
                       const std::vector<uint8_t>& pixels) {
  std::string pnm = fmt::format("P{}\n{} {}\n255\n", channels == 3 ? 6 : 5, width_px, height_px);
  pnm.append(reinterpret_cast<const char*>(pixels.data()), width_px * height_px * channels);
  return pnm;
}

std::string png_header(uint32_t width_px, uint32_t height_px) {
  std::string png;
  put_png_start(png, width_px, height_px, 3);
  return png;
}

std::string encode_idx_images(size_t count, size_t width_px, size_t height_px,
                              const std::vector<uint8_t>& pixels) {
  std::string idx("\0\0\x08\x03", 4);
  put_u32_big(idx, static_cast<uint32_t>(count));
  put_u32_big(idx, static_cast<uint32_t>(height_px));
  put_u32_big(idx, static_cast<uint32_t>(width_px));
  idx.append(reinterpret_cast<const char*>(pixels.data()), pixels.size());
  return idx;
}

std::string encode_idx_labels(const std::vector<uint8_t>& labels) {
  std::string idx("\0\0\x08\x01", 4);
  put_u32_big(idx, static_cast<uint32_t>(labels.size()));
  idx.append(reinterpret_cast<const char*>(labels.data()), labels.size());
  return idx;
}

namespace {

class Maker {
 public:
  Maker(const std::string& root, const SyntheticOptions& options)
      : options_(options), random_(options.seed) {
    dataset_.root = root;
    const size_t digits = std::to_string(options.classes - 1).size();  // so that names sort
    for (size_t k = 0; k < options.classes; ++k) {
      dataset_.class_names.push_back(fmt::format("class_{:0{}}", k, digits));
      if (!options.with_splits) make_directories(join_path(root, dataset_.class_names.back()));
    }
  }

  SyntheticDataset make() {
    for (size_t k = 0; k < options_.classes; ++k) add_class(k);
    plant_duplicates();
    plant_broken(options_.empty_files, "empty", "");
    plant_broken(options_.truncated_files, "truncated", png_header(4000, 3000).substr(0, 20));
    plant_broken(options_.text_files_as_images, "text", "<html>not an image</html>\n");
    auto& images = dataset_.images;
    std::sort(images.begin(), images.end(),
              [](const auto& a, const auto& b) { return a.path < b.path; });
    return std::move(dataset_);
  }

 private:
  // The class's colour with noise: no two images are byte-equal unless planted so.
  std::string draw(size_t label_true) {
    std::vector<uint8_t> pixels(options_.width_px * options_.height_px * 3);
    for (size_t i = 0; i < pixels.size(); ++i) {
      const size_t base = (label_true * 97 + (i % 3) * 61 + 40) % 192;
      pixels[i] = static_cast<uint8_t>(base + random_() % 64);
    }
    const auto encode = options_.ppm ? encode_pnm : encode_png;
    return encode(options_.width_px, options_.height_px, 3, pixels);
  }

  std::string split_of(size_t number_in_class) const {
    if (!options_.with_splits) return {};
    const size_t fifth = number_in_class % 5;
    return fifth < 3 ? "train" : fifth == 3 ? "val" : "test";
  }

  std::string path_of(size_t label, const std::string& split, const std::string& stem) const {
    return fmt::format("{}{}{}/{}.{}", split, split.empty() ? "" : "/", dataset_.class_names[label],
                       stem, options_.ppm ? "ppm" : "png");
  }

  void write(const std::string& relative, const std::string& bytes) {
    const std::string path = join_path(dataset_.root, relative);
    make_directories(std::string(parent_path(path)));
    std::ofstream(path, std::ios::binary) << bytes;
  }

  void add_class(size_t label) {
    for (size_t i = 0; i < options_.images_per_class; ++i) {
      SyntheticImage image;
      image.label_given = label;
      image.label_true = label;
      // Wrong labels are dealt to the classes in turn, the first images of each.
      const size_t wrong_number = i * options_.classes + label;
      if (wrong_number < options_.wrong_labels && options_.classes > 1) {
        image.label_true = (label + 1 + random_() % (options_.classes - 1)) % options_.classes;
      }
      image.split = split_of(i);
      image.path = path_of(label, image.split, fmt::format("img_{:04}", i));
      write(image.path, draw(image.label_true));
      dataset_.images.push_back(image);
    }
  }

  void plant_duplicates() {
    const size_t originals = dataset_.images.size();
    for (size_t i = 0; i < options_.duplicates && originals > 0; ++i) {
      SyntheticImage copy = dataset_.images[(i * 7 + 3) % originals];
      copy.duplicate_of = copy.path;
      copy.path = path_of(copy.label_given, copy.split, fmt::format("copy_{:04}", i));
      write(copy.path, read_text_file(join_path(dataset_.root, copy.duplicate_of)));
      dataset_.images.push_back(copy);
    }
  }

  void plant_broken(size_t count, const std::string& stem, const std::string& bytes) {
    for (size_t i = 0; i < count; ++i) {
      SyntheticImage image;
      image.label_given = image.label_true = i % options_.classes;
      image.split = split_of(0);
      image.path = path_of(image.label_given, image.split, fmt::format("{}_{:04}", stem, i));
      image.broken = true;
      write(image.path, bytes);
      dataset_.images.push_back(image);
    }
  }

  const SyntheticOptions options_;
  std::mt19937 random_;
  SyntheticDataset dataset_;
};

}  // namespace

std::vector<SyntheticImage> SyntheticDataset::good() const {
  std::vector<SyntheticImage> some;
  std::copy_if(images.begin(), images.end(), std::back_inserter(some),
               [](const SyntheticImage& image) { return !image.broken; });
  return some;
}

std::vector<SyntheticImage> SyntheticDataset::wrong() const {
  std::vector<SyntheticImage> some;
  std::copy_if(images.begin(), images.end(), std::back_inserter(some),
               [](const SyntheticImage& image) { return image.label_given != image.label_true; });
  return some;
}

SyntheticDataset make_synthetic_dataset(const std::string& root, const SyntheticOptions& options) {
  make_directories(root);
  return Maker(root, options).make();
}

std::vector<float> synthetic_probabilities(const SyntheticDataset& dataset, uint32_t seed) {
  std::mt19937 random(seed);
  const size_t classes = dataset.class_names.size();
  std::vector<float> rows;
  for (const SyntheticImage& image : dataset.good()) {
    const double top = 0.60 + 0.39 * static_cast<double>(random() % 1000) / 1000.0;
    std::vector<double> rest(classes, 0.0);
    double sum = 0;
    for (size_t k = 0; k < classes; ++k) {
      if (k != image.label_true) sum += rest[k] = 1.0 + static_cast<double>(random() % 100);
    }
    for (size_t k = 0; k < classes; ++k) {
      const double p = k == image.label_true ? top : (1.0 - top) * rest[k] / sum;
      rows.push_back(static_cast<float>(p));
    }
  }
  return rows;
}

}  // namespace errata::test
