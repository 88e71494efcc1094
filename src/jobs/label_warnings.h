// What is to be said of judged labels beside the findings.
#pragma once

#include <string>
#include <vector>

#include "jobs/label_evidence.h"

namespace errata::jobs {

// Sentences: the notes of the judgement, that the evidence knows the labels too little, which of
// the samples looked at have less evidence than others, and how many have none and why.
std::vector<std::string> label_warnings(const JudgedLabels& judged, size_t classes);

}  // namespace errata::jobs
