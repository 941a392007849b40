package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"bihuan.dev/bihuan"
)

type accountCommand struct {
	Add    accountAdd    `cmd:"" help:"Add an account. Its password is asked for, or read from the pipe." zh:"新增账号。密码在终端输入，或从管道读取。"`
	Passwd accountPasswd `cmd:"" help:"Set the password of an account." zh:"重设账号密码。"`
	Grant  accountGrant  `cmd:"" help:"Grant a role at a unit; it holds for everything below." zh:"在某单位授予角色，对其下级同样有效。"`
}

type accountAdd struct {
	storage `embed:""`
	Login   string   `arg:"" help:"Name to sign in with." zh:"登录名。"`
	Name    string   `help:"Name to show (default: the login)." zh:"显示的姓名（默认同登录名）。"`
	Admin   bool     `help:"Administrator of --unit: accounts, units, imports, programmes." zh:"作为 --unit 的管理员：管理账号、单位、导入和规范程序。"`
	Unit    string   `placeholder:"CODE" help:"Unit of --admin and --role (default: the topmost unit)." zh:"--admin 和 --role 所在单位（默认最上级单位）。"`
	Role    []string `placeholder:"PROGRAMME:ROLE" help:"Role in a programme, such as union:judge." zh:"在规范程序中的角色，如 union:judge。"`
}

type accountPasswd struct {
	storage `embed:""`
	Login   string `arg:"" help:"Name to sign in with." zh:"登录名。"`
}

type accountGrant struct {
	storage `embed:""`
	Login   string `arg:"" help:"Name to sign in with." zh:"登录名。"`
	Role    string `arg:"" help:"PROGRAMME:ROLE such as union:judge, or admin." zh:"规范程序:角色，如 union:judge；或 admin。"`
	Unit    string `placeholder:"CODE" help:"Unit (default: the topmost unit)." zh:"单位（默认最上级单位）。"`
	Revoke  bool   `help:"Take the role away." zh:"收回该角色。"`
}

// Run adds an account.
func (k *accountAdd) Run(c *console) error {
	site, err := k.storage.open(c, bihuan.Config{})
	if err != nil {
		return err
	}
	defer site.Close()
	if k.Admin {
		k.Role = append(k.Role, bihuan.Admin)
	}
	var grants []bihuan.Grant
	for _, role := range k.Role {
		g, err := grantOf(c, site, role, k.Unit)
		if err != nil {
			return err
		}
		grants = append(grants, g)
	}
	password, err := c.password()
	if err != nil {
		return err
	}
	if k.Name == "" {
		k.Name = k.Login
	}
	account, err := site.CreateAccount(c.ctx, bihuan.System(), bihuan.NewAccount{Login: k.Login, Name: k.Name, Password: password, Lang: c.lang, Grants: grants})
	if err != nil {
		return err
	}
	c.say("已创建账号 {0}", "account {0} is there", account.Login)
	return nil
}

// Run sets a password.
func (k *accountPasswd) Run(c *console) error {
	site, account, err := k.storage.account(c, k.Login)
	if err != nil {
		return err
	}
	defer site.Close()
	password, err := c.password()
	if err != nil {
		return err
	}
	if err := site.SetPassword(c.ctx, bihuan.System(), account.ID, password); err != nil {
		return err
	}
	c.say("{0} 的密码已更改", "the password of {0} is changed", k.Login)
	return nil
}

// Run grants a role, or takes it away.
func (k *accountGrant) Run(c *console) error {
	site, account, err := k.storage.account(c, k.Login)
	if err != nil {
		return err
	}
	defer site.Close()
	grant, err := grantOf(c, site, k.Role, k.Unit)
	if err != nil {
		return err
	}
	if k.Revoke {
		return site.RemoveGrant(c.ctx, bihuan.System(), account.ID, grant)
	}
	return site.AddGrant(c.ctx, bihuan.System(), account.ID, grant)
}

// account opens the site and finds an account by its login.
func (k storage) account(c *console, login string) (*bihuan.Site, bihuan.Account, error) {
	if err := k.mustExist(); err != nil {
		return nil, bihuan.Account{}, err
	}
	site, err := k.open(c, bihuan.Config{})
	if err != nil {
		return nil, bihuan.Account{}, err
	}
	found, err := site.Accounts(c.ctx, bihuan.System(), bihuan.AccountQuery{Search: login, Page: bihuan.Page{Limit: 1000}})
	if err == nil {
		for _, a := range found.Accounts {
			if strings.EqualFold(a.Login, login) {
				return site, a, nil
			}
		}
		err = wrong("没有账号 {0}", "there is no account {0}", login)
	}
	return nil, bihuan.Account{}, errors.Join(err, site.Close())
}

// grantOf reads union:judge or admin, at a unit or the only topmost one.
func grantOf(c *console, site *bihuan.Site, role, unit string) (bihuan.Grant, error) {
	name, role, inProgramme := strings.Cut(role, ":")
	if !inProgramme {
		name, role = "", name
		if role != bihuan.Admin {
			return bihuan.Grant{}, usageError{fmt.Errorf("role %s: write PROGRAMME:ROLE such as union:judge, or admin", role)}
		}
	}
	if unit != "" {
		if _, err := site.Unit(c.ctx, unit); err != nil {
			return bihuan.Grant{}, err
		}
		return bihuan.Grant{Programme: name, Role: role, Unit: unit}, nil
	}
	roots, err := site.Children(c.ctx, "")
	if err != nil {
		return bihuan.Grant{}, err
	}
	switch len(roots) {
	case 0:
		return bihuan.Grant{}, wrong("还没有单位，角色无处可授", "there are no units yet to grant a role at").
			do("先导入单位：bihuan import units FILE", "import units first: bihuan import units FILE")
	case 1:
		return bihuan.Grant{Programme: name, Role: role, Unit: roots[0].Code}, nil
	}
	return bihuan.Grant{}, wrong("最上级单位不止一个", "there are several topmost units").do("用 --unit 指明单位代码", "name one with --unit CODE")
}

// password asks for a password twice without showing it, or reads one line from a pipe.
func (c *console) password() (string, error) {
	terminal, ok := c.in.(*os.File)
	if !ok || !term.IsTerminal(int(terminal.Fd())) {
		line, err := bufio.NewReader(io.LimitReader(c.in, 4096)).ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return "", fmt.Errorf("read password: %w", err)
		}
		if line = strings.TrimRight(line, "\r\n"); line == "" {
			return "", wrong("没有读到密码", "no password was given").do("在终端输入，或经管道传入一行", "type it on a terminal, or pipe one line")
		}
		return line, nil
	}
	ask := func(zh, en string) (string, error) {
		fmt.Fprint(c.err, map[bool]string{true: zh, false: en}[c.lang == "zh"])
		b, err := term.ReadPassword(int(terminal.Fd()))
		fmt.Fprintln(c.err)
		return string(b), err
	}
	first, err := ask("密码（至少 10 个字符）：", "password (10 characters or more): ")
	if err != nil {
		return "", fmt.Errorf("read password: %w", err)
	}
	again, err := ask("再输入一次：", "once more: ")
	if err != nil {
		return "", fmt.Errorf("read password: %w", err)
	}
	if first != again {
		return "", wrong("两次输入的密码不同", "the two passwords differ")
	}
	return first, nil
}
