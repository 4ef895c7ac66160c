// Sums over the THREADS threads of a workgroup, in their order.

const TEAM = 16u;

var<workgroup> sums: array<u32, THREADS>;
var<workgroup> team_sums: array<u32, THREADS / TEAM>;

// The sum of the values of the threads up to this one and with it. All threads must call it. Two barriers: within teams,
// then over the teams before.
fn sum_through(thread: u32, value: u32) -> u32 {
  let team = thread / TEAM;
  sums[thread] = value;
  workgroupBarrier();
  var sum = value;
  for (var other = team * TEAM; other < thread; other++) {
    sum += sums[other];
  }
  if (thread % TEAM == TEAM - 1u) {
    team_sums[team] = sum;
  }
  workgroupBarrier();
  for (var other = 0u; other < team; other++) {
    sum += team_sums[other];
  }
  return sum;
}
