#pragma once
#include "base/rng.h"
#include "net/link/parameters.h"

namespace xedgesim::net {

/// Inverse of the standard normal distribution function, u in (0, 1).
double normal_quantile(double u);

/// The value below which a share u of the draws of a jitter distribution lies, in units of the jitter:
/// uniform -1..1, normal by its deviation, pareto and paretonormal as the tables of iproute2
/// (x = (4/3)((1-u)^(-1/3) - 1.5), not above 4; one quarter normal, three quarters pareto).
double jitter_quantile(Jitter distribution, double u);

/// Yes or no with probability p, each answer with the given correlation to the one before. The share of yes
/// is p whatever the correlation: P(yes | yes) = c + (1 - c) p. Linux netem blends numbers instead of
/// answers, whose share of yes then falls below p ("noticed bad behaviour", tc-netem(8)).
class CorrelatedChance {
 public:
  bool draw(RandomStream& r, double p, double correlation);

 private:
  bool begun_ = false, last_ = false;
};

/// Deviation of the delay, in units of the jitter. Correlated draws keep the distribution (a Gaussian
/// copula); with netem's tables correlation has next to no effect because the number is an index modulo the
/// table's size.
class JitterSource {
 public:
  double draw(RandomStream& r, Jitter distribution, double correlation);

 private:
  bool begun_ = false;
  double last_ = 0;
};

/// Which packets are lost: independent or correlated, two states, or four.
class LossModel {
 public:
  bool lose(RandomStream& r, const LinkParameters& p);

 private:
  bool two_states(RandomStream& r, const GilbertElliott& m);
  bool four_states(RandomStream& r, const FourState& m);
  CorrelatedChance chance_;
  bool bad_ = false;
  int state_ = 1;
};

}  // namespace xedgesim::net
