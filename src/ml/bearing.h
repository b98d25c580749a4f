#pragma once

namespace xedgesim::ml {

/// Geometry of a rolling bearing with zero contact angle, inner ring turning.
struct Bearing {
  int balls = 9;
  double ball_diameter_mm = 7.94;
  double pitch_diameter_mm = 39.04;  ///< the defaults are those of a 6205 deep-groove bearing

  /// Characteristic frequencies in multiples of the shaft speed (Randall & Antoni, "Rolling element bearing
  /// diagnostics - a tutorial", Mechanical Systems and Signal Processing 25, 2011, equations 1-4).
  constexpr double cage() const { return 0.5 * (1.0 - ratio()); }                           ///< FTF, 0.398
  constexpr double outer_race() const { return balls * cage(); }                            ///< BPFO, 3.585
  constexpr double inner_race() const { return 0.5 * balls * (1.0 + ratio()); }             ///< BPFI, 5.415
  constexpr double ball_spin() const { return 0.5 / ratio() * (1.0 - ratio() * ratio()); }  ///< BSF, 2.357

 private:
  constexpr double ratio() const { return ball_diameter_mm / pitch_diameter_mm; }
};

}  // namespace xedgesim::ml
