// The bits of an element of the states.
fn state_of(at: u32) -> u32 {
  return states[at];
}
