package access

import "fmt"

// past says for which epoch something was signed; it wraps Epoch.
func past(signed, now uint64) error {
	return fmt.Errorf("signed for epoch %d, this region is in epoch %d: %w", signed, now, Epoch)
}

// Renew begins an epoch: tickets of before let nobody in any more. Who is in the
// region stays; roles, invitations, the password and the counted tries stay too.
func (s *State) Renew() {
	s.admitted, s.bytes = nil, nil
}
