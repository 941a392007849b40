package bihuan

import (
	"bihuan.dev/bihuan/programme"
)

// TaskKind is what has to be done.
type TaskKind string

// The kinds of tasks, in the order of the list.
const (
	TaskDecide TaskKind = "decide" // a round whose step has ended
	TaskAnswer TaskKind = "answer" // an objection without an answer
	TaskSubmit TaskKind = "submit" // columns to hand in
	TaskFile   TaskKind = "file"   // a form due within 30 days, overdue, or stale
	TaskJudge  TaskKind = "judge"  // a clause that waits for a judgement
)

// TaskKinds lists the kinds in their order.
var TaskKinds = []TaskKind{TaskDecide, TaskAnswer, TaskSubmit, TaskFile, TaskJudge}

// Text gives the word for a kind of task.
func (k TaskKind) Text() programme.Text {
	switch k {
	case TaskDecide:
		return programme.T("推进考核", "move a round on")
	case TaskAnswer:
		return programme.T("答复异议", "answer objections")
	case TaskSubmit:
		return programme.T("提交评分", "hand in scores")
	case TaskFile:
		return programme.T("填报材料", "file forms")
	case TaskJudge:
		return programme.T("评定条款", "judge clauses")
	}
	return programme.Text{}
}

// Task is something the actor has to do (待办).
type Task struct {
	Kind       TaskKind
	Programme  string
	Subject    *Subject // nil: of a whole round
	Form       string
	Clause     string
	Round      string // its ID
	RoundTitle string
	Party      string // whose column
	Objection  string // its ID
	Title      programme.Text
	Due        programme.Day // last day to do it; 0: none
	Overdue    bool
	Stale      bool // of a form: the last one no longer counts
	Count      int  // how many columns wait, of a whole round; otherwise 1
}

// TaskQuery selects tasks of the actor.
type TaskQuery struct {
	Kind      TaskKind // empty: all
	Programme string   // empty: all
	Unit      string   // and below; empty: all
	Page
}

// Tasks are counts of all that the query selects but for its Kind, and a part of the list.
type Tasks struct {
	Counts  map[TaskKind]int // of every kind; columns to hand in count one by one
	Overdue int              // of all kinds together
	Total   int              // entries in the whole list of the queried kind, for paging
	List    []Task
}
