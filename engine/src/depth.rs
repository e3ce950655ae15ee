//! A bound on the nesting of SQL, measured on its tokens before anything recursive sees it.
//!
//! The measure follows how a parser nests: each open bracket, CASE, or chain of prefix operators is a level, and a
//! chain of binary operators of one strength is a left-deep tree as high as the chain is long. A weaker operator
//! closes the chains of the stronger ones (`a=1 OR b=2` does not add up its comparisons), a comma or clause closes
//! all, except that joined tables and set operations go on nesting.

use datafusion::sql::sqlparser::dialect::Dialect;
use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::tokenizer::{Token, Tokenizer};

use crate::error::{Failure, Result, status};

pub const MAX_SQL_BYTES: usize = 64 << 20;
pub const MAX_DEPTH: usize = 8_000;

/// How strongly an operator binds, weakest first; the index into `Level::chains`.
#[derive(Clone, Copy)]
enum Strength {
    Set,
    Join,
    Or,
    And,
    Compare,
    Add,
    Multiply,
    Prefix,
}

const STRENGTHS: usize = Strength::Prefix as usize + 1;

/// One open bracket: the lengths of the operator chains around the current position.
#[derive(Default)]
struct Level {
    chains: [usize; STRENGTHS],
    in_from: bool,
}

impl Level {
    fn depth(&self) -> usize {
        1 + self.chains.iter().sum::<usize>()
    }

    fn operator(&mut self, strength: Strength) {
        let i = strength as usize;
        self.chains[i] += 1;
        self.chains[i + 1..].fill(0);
    }

    fn close_expressions(&mut self) {
        self.chains[Strength::Or as usize..].fill(0);
    }
}

/// Refuses SQL that is too long or nests deeper than MAX_DEPTH.
pub fn check(sql: &str, dialect: &dyn Dialect) -> Result<()> {
    if sql.len() > MAX_SQL_BYTES {
        let text = format!("the SQL text has {} bytes, more than {MAX_SQL_BYTES}", sql.len());
        return Err(Failure::new(status::LIMIT, text).with_hint("split the query into views"));
    }
    // A text without that many bytes cannot nest that deep.
    if sql.len() < MAX_DEPTH {
        return Ok(());
    }
    // What does not tokenise is for the parser to report, with the position.
    let Ok(tokens) = Tokenizer::new(dialect, sql).tokenize() else { return Ok(()) };
    let depth = measure(&tokens);
    if depth > MAX_DEPTH {
        let text = format!("the SQL text nests {depth} levels deep, more than {MAX_DEPTH}");
        return Err(Failure::new(status::LIMIT, text)
            .with_hint("split the expression into views, or use IN (…) or an aggregate for long chains"));
    }
    Ok(())
}

fn measure(tokens: &[Token]) -> usize {
    let mut below = 0;
    let mut levels = vec![Level::default()];
    let mut deepest = 0;
    for token in tokens {
        let level = levels.last_mut().expect("the outermost level is never popped");
        match step(token, level) {
            Step::Stay => deepest = deepest.max(below + level.depth()),
            Step::Open => {
                below += level.depth();
                levels.push(Level::default());
                deepest = deepest.max(below + 1);
            }
            Step::Close if levels.len() > 1 => {
                levels.pop();
                below -= levels.last().map_or(0, Level::depth);
            }
            Step::Close => {}
        }
    }
    deepest
}

enum Step {
    Stay,
    Open,
    Close,
}

fn step(token: &Token, level: &mut Level) -> Step {
    match token {
        Token::LParen | Token::LBracket | Token::LBrace => return Step::Open,
        Token::RParen | Token::RBracket | Token::RBrace => return Step::Close,
        Token::Word(word) => return keyword(word.keyword, level),
        Token::Comma if level.in_from => level.operator(Strength::Join),
        Token::Comma => level.close_expressions(),
        Token::SemiColon => *level = Level::default(),
        Token::Plus | Token::Minus | Token::StringConcat => level.operator(Strength::Add),
        Token::Mul | Token::Div | Token::Mod => level.operator(Strength::Multiply),
        Token::Period | Token::DoubleColon | Token::ExclamationMark | Token::Tilde => {
            level.operator(Strength::Prefix);
        }
        Token::Whitespace(_) | Token::Number(..) | Token::SingleQuotedString(_) | Token::EOF => {}
        _ => level.operator(Strength::Compare),
    }
    Step::Stay
}

fn keyword(keyword: Keyword, level: &mut Level) -> Step {
    match keyword {
        Keyword::CASE => return Step::Open,
        Keyword::END => return Step::Close,
        Keyword::UNION | Keyword::EXCEPT | Keyword::INTERSECT | Keyword::MINUS => {
            level.in_from = false;
            level.operator(Strength::Set);
        }
        Keyword::FROM => level.in_from = true,
        Keyword::SELECT | Keyword::WHERE | Keyword::GROUP | Keyword::HAVING | Keyword::ORDER | Keyword::LIMIT => {
            level.in_from = false;
            level.close_expressions();
        }
        Keyword::JOIN => level.operator(Strength::Join),
        Keyword::OR => level.operator(Strength::Or),
        Keyword::AND => level.operator(Strength::And),
        Keyword::NOT | Keyword::EXPLAIN | Keyword::INTERVAL | Keyword::COLLATE => {
            level.operator(Strength::Prefix);
        }
        Keyword::LIKE | Keyword::IS | Keyword::BETWEEN | Keyword::IN => level.operator(Strength::Compare),
        _ => {}
    }
    Step::Stay
}

#[cfg(test)]
mod tests {
    use super::*;
    use datafusion::sql::sqlparser::dialect::GenericDialect;

    fn depth_of(sql: &str) -> usize {
        measure(&Tokenizer::new(&GenericDialect {}, sql).tokenize().expect("the test's SQL tokenises"))
    }

    #[test]
    fn chains_and_brackets_nest() {
        assert_eq!(depth_of("select 1"), 1);
        assert_eq!(depth_of("select 1+1+1+1"), 4);
        assert_eq!(depth_of("select (((1)))"), 4);
        assert_eq!(depth_of("select not not true"), 3);
        assert_eq!(depth_of("select case when true then case when true then 1 end end"), 3);
    }

    #[test]
    fn weaker_operators_and_commas_close_chains() {
        assert_eq!(depth_of("select a=1 or a=2 or a=3"), 4);
        assert_eq!(depth_of("select 1+1, 1+1, 1+1"), 2);
        assert_eq!(depth_of("select a in (1,2,3,4,5,6,7,8)"), 3);
        assert_eq!(depth_of("select 1 from a, b, c where x"), 3);
    }

    #[test]
    fn too_deep_is_a_limit_that_names_the_depth() {
        let sql = format!("select {}", "(".repeat(100_000));
        let failure = check(&sql, &GenericDialect {}).expect_err("it nests 100,001 levels");
        assert_eq!(failure.status, status::LIMIT);
        assert!(failure.message.contains("100001"), "{}", failure.message);
    }
}
