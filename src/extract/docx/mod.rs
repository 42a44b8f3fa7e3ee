//! The text of a Word document (a ZIP archive of XML files), in reading order: headers, body, notes, footers.
//! It runs in the child.

mod flow;
mod package;

#[cfg(test)]
mod tests;

use super::outcome::Reason;
use package::Package;

/// The text of a Word document.
pub(super) fn text(bytes: &[u8]) -> Result<String, Reason> {
    let mut package = Package::open(bytes)?;
    let Some(main) = package.main_part() else { return Err(package.other_kind()) };
    let body = flow::text(&package.read(&main)?);
    let related = package.related_parts(&main);

    let mut texts: Vec<String> = Vec::new();
    add_parts(&mut package, &related, &["header"], &mut texts)?;
    texts.push(body);
    // The words of a diagram (SmartArt) are in a part of their own.
    add_parts(&mut package, &related, &["diagramData", "footnotes", "endnotes"], &mut texts)?;
    add_parts(&mut package, &related, &["footer"], &mut texts)?;
    Ok(texts.join("\n"))
}

/// Adds the texts of the parts of these kinds, without repetitions.
fn add_parts(
    package: &mut Package,
    related: &[(String, String)],
    kinds: &[&str],
    texts: &mut Vec<String>,
) -> Result<(), Reason> {
    for (kind, name) in related {
        if kinds.contains(&kind.as_str()) && package.has(name) {
            let text = flow::text(&package.read(name)?);
            // The header of the first page often repeats that of the others.
            if !texts.contains(&text) {
                texts.push(text);
            }
        }
    }
    Ok(())
}
