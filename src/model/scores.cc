#include "model/scores.h"

#include <array>

namespace errata {

namespace {

constexpr std::array kScores{
    ScoreInfo{"confident_mistake", Worst::kHigh,
              "Confidence of the prediction where it differs from the label, NULL where it agrees "
              "(0..1): a confident mistake is the model's error or the label's."},
    ScoreInfo{"confidence", Worst::kHigh, "Probability of the predicted class (0..1)."},
    ScoreInfo{"margin", Worst::kLow,
              "Probability of the first class less that of the second (0..1): small is undecided."},
    ScoreInfo{"entropy", Worst::kHigh,
              "Shannon entropy of the probabilities in nats (0..ln K): high is undecided."},
    ScoreInfo{"loss", Worst::kHigh,
              "Cross-entropy of the given label in nats, -ln p(label): high says that the model "
              "does not believe the label."},
    ScoreInfo{"self_confidence", Worst::kLow,
              "Probability that the model gives to the given label (0..1)."},
    ScoreInfo{"label_error", Worst::kHigh,
              "Belief that the given label is wrong, by probe, neighbours and runs (0..1). Changes "
              "with a relabel.",
              false, "errata find labels"},
    ScoreInfo{"p_suggested", Worst::kHigh,
              "Belief in the suggested label, among all classes (0..1). Changes with a relabel.",
              false, "errata find labels"},
    ScoreInfo{"dark", Worst::kLow,
              "Brightness of the picture's brightest hundredth (0..1): below 0.32 is dark. Made by "
              "`errata find quality`, as the next six.",
              false},
    ScoreInfo{"light", Worst::kLow,
              "Darkness of the picture's darkest twentieth (0..1): below 0.05 is washed out.",
              false},
    ScoreInfo{
        "blurry", Worst::kLow,
        "Strength of the edges and contrast of the picture at 64 pixels (0..1): below 0.29 is "
        "blurred.",
        false},
    ScoreInfo{"low_information", Worst::kLow,
              "Entropy of the pixel values, a tenth of its bits (0..1): below 0.3 shows next to "
              "nothing.",
              false},
    ScoreInfo{"odd_aspect_ratio", Worst::kLow,
              "Shorter side over longer side (0..1): below 0.35 is long and narrow.", false},
    ScoreInfo{"odd_size", Worst::kLow,
              "How near the size is to the middle of all sizes (0..1): below 0.5 is far larger or "
              "smaller than the others; where most have one size any other is odd.",
              false},
    ScoreInfo{"grayscale", Worst::kLow,
              "0 for a picture without colour, however it is stored, else 1.", false},
    ScoreInfo{"outlier", Worst::kLow,
              "How near the ten nearest pictures are by embeddings (0..1, exp of minus the mean "
              "distance over its median): low looks like no other.",
              false, "errata find outliers"},
    ScoreInfo{"uniqueness", Worst::kLow,
              "Weighted distance to the three nearest pictures by embeddings, over the largest "
              "(0..1): 0 is a copy of others.",
              false, "errata find outliers"},
    ScoreInfo{"representativeness", Worst::kLow,
              "How near a picture is to the middle of its cluster of embeddings (0..1, 0.5 at the "
              "cluster's mean distance): low is not typical of anything.",
              false, "errata find outliers"},
    ScoreInfo{"cluster", Worst::kLow,
              "Number of the picture's cluster of embeddings, from the largest on (k-means): what "
              "weak slices are named by.",
              false, "errata find slices"},
    ScoreInfo{"map_x", Worst::kLow, "Place on the map of embeddings, from left to right.", false,
              "errata map"},
    ScoreInfo{"map_y", Worst::kLow, "Place on the map of embeddings, from bottom to top.", false,
              "errata map"},
    ScoreInfo{"duplicate_group", Worst::kLow,
              "Number of the group of copies that a picture belongs to, NULL outside of groups: "
              "conflicts and leaks come first. Each is a copy of the one to keep.",
              false, "errata find duplicates"},
    ScoreInfo{"duplicate_chain", Worst::kLow,
              "Number of the chain of copies of copies that a picture is in, NULL without a copy: "
              "`errata split --group duplicate_chain` keeps every two copies in one part.",
              false, "errata find duplicates"},
    ScoreInfo{
        "duplicate_kept", Worst::kLow,
        "1 for the picture that is suggested to stay of its group of copies, 0 for those that "
        "would go, NULL outside of groups.",
        false, "errata find duplicates"},
    ScoreInfo{"row_order", Worst::kLow,
              "Whether a picture's nearest neighbours are spread over the whole order of the "
              "samples (0..1): low where those before and after it are like it.",
              false, "errata find dataset"},
};

constexpr std::array kObjectScores{
    ScoreInfo{"label_doubt", Worst::kHigh,
              "How surely the label is wrong (0..1): the largest of an object's doubts; of a "
              "detection, that it is an object nobody drew."},
    ScoreInfo{"class_doubt", Worst::kHigh,
              "Another class is found there, surer than the given one (0..1)."},
    ScoreInfo{"place_doubt", Worst::kHigh,
              "The box lies farther from the detection than good boxes do (0..1)."},
    ScoreInfo{"spurious_doubt", Worst::kHigh,
              "Nothing supports the box, though objects like it mostly are found (0..1)."},
    ScoreInfo{"copy_doubt", Worst::kHigh,
              "Another box lies on it and one detection serves both (0..1)."},
    ScoreInfo{"missing_doubt", Worst::kHigh,
              "A sure detection on no given box (0..1); NULL for annotations."},
    ScoreInfo{"mistakenness", Worst::kHigh,
              "FiftyOne's of the class (0..1): (1 + confidence) / 2 for a matched detection of "
              "another class, (1 - confidence) / 2 of the same."},
    ScoreInfo{"mistakenness_loc", Worst::kHigh, "FiftyOne's of the place (0..1)."},
    ScoreInfo{"objectlab_badloc", Worst::kLow, "cleanlab's ObjectLab: badly located (0..1)."},
    ScoreInfo{"objectlab_swap", Worst::kLow, "cleanlab's ObjectLab: swapped class (0..1)."},
    ScoreInfo{"objectlab_overlooked", Worst::kLow,
              "cleanlab's ObjectLab of a detection: an overlooked object (0..1); NULL below 0.95 "
              "confidence or on a given box."},
    ScoreInfo{"outside", Worst::kHigh, "Part of the box that lies outside its image (0..1)."},
    ScoreInfo{"size_z", Worst::kHigh,
              "Size against the class's usual one, in robust deviations of its logarithm."},
    ScoreInfo{"shape_z", Worst::kHigh,
              "Width to height against the class's usual, in robust deviations of its logarithm."},
    ScoreInfo{"nearest_iou", Worst::kHigh, "Overlap with the nearest annotation (0..1)."},
};

constexpr std::array kColumns{
    ColumnInfo{"id", ColumnType::kInt, false, "Id of the sample in this store."},
    ColumnInfo{"path", ColumnType::kText, false,
               "Path below the source's root; `#n` is appended for the n-th image of a container."},
    ColumnInfo{"source", ColumnType::kCategory, false, "Name of the import it came with."},
    ColumnInfo{"split", ColumnType::kCategory, false, "Split, such as train, val or test."},
    ColumnInfo{"label", ColumnType::kCategory, false, "Current label, corrections included."},
    ColumnInfo{"label_given", ColumnType::kCategory, false, "Label as it was imported."},
    ColumnInfo{"review", ColumnType::kCategory, false,
               "What a person decided: unseen, kept, relabelled, excluded or ambiguous."},
    ColumnInfo{"excluded", ColumnType::kBool, false, "Left out of versions and exports."},
    ColumnInfo{"tags", ColumnType::kSet, false, "Tags; compares true when one of them does."},
    ColumnInfo{"width", ColumnType::kInt, false, "Width in pixels as stored."},
    ColumnInfo{"height", ColumnType::kInt, false, "Height in pixels as stored."},
    ColumnInfo{"size_bytes", ColumnType::kInt, false, "Size of the file in bytes."},
    ColumnInfo{"prediction", ColumnType::kCategory, true, "Predicted class."},
    ColumnInfo{"outcome", ColumnType::kCategory, true,
               "right or wrong: the prediction against the current label."},
    ColumnInfo{"verdict", ColumnType::kCategory, false,
               "Why a prediction differs from the label: label wrong, model wrong, ambiguous, or "
               "not a valid image; NULL where nothing speaks against the label.",
               "errata find labels"},
    ColumnInfo{"suggested", ColumnType::kCategory, false,
               "The label that the evidence believes in most besides the given one.",
               "errata find labels"},
};

constexpr std::array kObjectColumns{
    ColumnInfo{"object_id", ColumnType::kInt, false, "Id of the object in this store."},
    ColumnInfo{"kind", ColumnType::kCategory, false,
               "given for an annotation, predicted for a detection of the run."},
    ColumnInfo{"sample", ColumnType::kInt, false, "Row of its image."},
    ColumnInfo{"label", ColumnType::kCategory, false, "Class, corrections included."},
    ColumnInfo{"confidence", ColumnType::kDouble, false,
               "Score of a detection; NULL for annotations."},
    ColumnInfo{"x", ColumnType::kDouble, false, "Left edge in pixels of the image as stored."},
    ColumnInfo{"y", ColumnType::kDouble, false, "Upper edge in pixels of the image as stored."},
    ColumnInfo{"width", ColumnType::kDouble, false, "Width of the box in pixels."},
    ColumnInfo{"height", ColumnType::kDouble, false, "Height of the box in pixels."},
    ColumnInfo{"area_px", ColumnType::kDouble, false,
               "Area in pixels: the mask's where the source gives one, else width x height."},
    ColumnInfo{"crowd", ColumnType::kBool, false,
               "A region of many objects: a detection on it counts neither way."},
    ColumnInfo{"difficult", ColumnType::kBool, false, "Marked difficult by the source."},
    ColumnInfo{"truncated", ColumnType::kBool, false, "Marked as cut off by the source."},
    ColumnInfo{"source_id", ColumnType::kInt, false, "Import it came with; NULL for detections."},
    ColumnInfo{"review", ColumnType::kCategory, false,
               "What a person decided: unseen, kept, changed, added or ambiguous; of a detection "
               "NULL, or kept or ambiguous where no label belongs to it."},
    ColumnInfo{"split", ColumnType::kCategory, false, "Split of its image."},
    ColumnInfo{"error", ColumnType::kCategory, false,
               "true, class, localisation, both, duplicate, background or missed, for the "
               "thresholds it was matched at."},
    ColumnInfo{"iou", ColumnType::kDouble, false,
               "Overlap with the object it was compared with (0..1)."},
    ColumnInfo{"match", ColumnType::kInt, false, "Row of the object it was matched with."},
    ColumnInfo{"doubt", ColumnType::kCategory, false,
               "What label_doubt is about, from 0.1 on: class, place, spurious, copy or missing."},
    ColumnInfo{"verdict", ColumnType::kCategory, false,
               "label from a label_doubt of 2/3, model for an error below 1/3, ambiguous between; "
               "NULL for what is neither an error nor in doubt."},
    ColumnInfo{"suggested", ColumnType::kCategory, false,
               "The class found instead, where the class is in doubt."},
    ColumnInfo{
        "evidence", ColumnType::kInt, false,
        "Row of the detection that speaks against the label, or of the box it is a copy of."},
    ColumnInfo{"possible_spurious", ColumnType::kBool, false,
               "FiftyOne's: an annotation that no detection overlaps by half, of any class."},
    ColumnInfo{"possible_missing", ColumnType::kBool, false,
               "FiftyOne's: such a detection of no annotation, above 0.95 confidence."},
};

}  // namespace

std::span<const ScoreInfo> all_scores() {
  return kScores;
}

const ScoreInfo* find_score(std::string_view name) {
  for (const ScoreInfo& score : kScores) {
    if (score.name == name) return &score;
  }
  return nullptr;
}

std::span<const ScoreInfo> object_scores() {
  return kObjectScores;
}

const ScoreInfo* find_object_score(std::string_view name) {
  for (const ScoreInfo& score : kObjectScores) {
    if (score.name == name) return &score;
  }
  return nullptr;
}

std::span<const ColumnInfo> sample_columns() {
  return kColumns;
}

std::span<const ColumnInfo> object_columns() {
  return kObjectColumns;
}

}  // namespace errata
