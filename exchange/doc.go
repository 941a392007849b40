// Package exchange turns the files that people have — CSV in any encoding that a Chinese office produces, xlsx, JSON Lines —
// into rows of filings, units and subjects, and writes lists and error files back in the same formats.
//
// Reading never guesses silently: a column nobody knows is a mistake with the nearest name, every mistake carries the row as
// the person sees it in the file, and all of them come at once. What was read is not yet checked against the forms; that is
// done by programme.Form.Fill where it is stored or assessed. Files that are too large, that unpack to too much, or that
// are no table are refused before they cost anything.
package exchange
