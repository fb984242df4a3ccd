#include "services/live/sample_history.h"

#include <utility>

namespace stampede::services::live {

void SampleHistory::add(const Sample& sample) {
  append(sample);
  while (samples_.size() > most_) {
    seconds_ *= 2;
    for (const Sample& each : std::exchange(samples_, {})) append(each);
  }
}

void SampleHistory::append(const Sample& sample) {
  if (!samples_.empty() && samples_.back().seconds + sample.seconds <= seconds_) {
    samples_.back() = merged(samples_.back(), sample);
  } else {
    samples_.push_back(sample);
  }
}

}  // namespace stampede::services::live
