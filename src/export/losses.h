// What formats of objects cannot hold, counted alike for all of them.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "export/exporter.h"

namespace errata::exports {

class Losses {
 public:
  void add_object(std::string_view kind, std::string_view what, ObjectId id);
  void leave_out_object(std::string_view kind, std::string_view what, ObjectId id);
  void add_sample(std::string_view kind, std::string_view what, SampleId id);
  // In the order in which their kinds were first added; ids rising, each once.
  std::vector<Loss> take();

 private:
  Loss& of(std::string_view kind, std::string_view what);
  std::vector<Loss> losses_;
};

// 1 for each object that is written: its item is, and the format does not leave it out.
std::vector<uint8_t> written_objects(const ExportInput& input, std::span<const uint8_t> written,
                                     std::span<const Loss> losses);

// Labels of whole images.
void add_label_losses(const ExportInput& input, Losses& losses);
// What an object's source says of it that no other format than the source's own has a place for.
void add_field_losses(const ExportInput& input, std::string_view own_format, Losses& losses);

}  // namespace errata::exports
