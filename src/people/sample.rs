//! Twelve invented people to try Muster with. Their addresses end in `.example`, which no mail server serves.

use super::Profile;
use crate::model::EmailAddress;
use crate::skills;

const PEOPLE: &[(&str, &str, &str, &str)] = &[
    (
        "Asha Menon",
        "asha.menon@harbour.example",
        "Backend developer",
        "Rust; PostgreSQL; Elasticsearch; Python",
    ),
    (
        "Bruno Okafor",
        "bruno.okafor@harbour.example",
        "Full-stack developer",
        "TypeScript; React; Stripe; Go",
    ),
    (
        "Chen Wei-Ling",
        "weiling.chen@harbour.example",
        "Robotics engineer",
        "ROS; C++; Rust; Python",
    ),
    (
        "Daria Kowalska",
        "daria.kowalska@harbour.example",
        "Front-end developer",
        "CSS; React; Svelte; TypeScript",
    ),
    (
        "Emeka Obi",
        "emeka.obi@harbour.example",
        "Platform engineer",
        "Go; Kubernetes; Terraform; Stripe",
    ),
    (
        "Farah Haddad",
        "farah.haddad@harbour.example",
        "Data journalist",
        "QGIS; Python; pandas; D3.js",
    ),
    (
        "Gorō Tanaka",
        "goro.tanaka@harbour.example",
        "Embedded engineer",
        "C++; ROS; TensorFlow Lite; Python",
    ),
    (
        "Hana Suzuki",
        "hana.suzuki@harbour.example",
        "Product designer",
        "Figma; React; TypeScript; Svelte",
    ),
    (
        "Inês Carvalho",
        "ines.carvalho@harbour.example",
        "Backend developer",
        "Rust; PostgreSQL; Tokio; Redis",
    ),
    (
        "Jonas Lindqvist",
        "jonas.lindqvist@harbour.example",
        "Data scientist",
        "Python; TensorFlow Lite; PyTorch; SQL",
    ),
    (
        "Kavya Raghunathan",
        "kavya.raghunathan@harbour.example",
        "Geographer",
        "QGIS; pandas; Python; PostGIS",
    ),
    ("Lukas Brandt", "lukas.brandt@harbour.example", "Mobile developer", "Kotlin; Firebase; Figma"),
];

pub fn people() -> Vec<Profile> {
    let profile = |(name, address, job_title, known): &(&str, &str, &str, &str)| Profile {
        name: (*name).to_owned(),
        address: EmailAddress::parse(address).expect("a constant that parses"),
        job_title: (*job_title).to_owned(),
        skills: skills::split(known),
    };
    PEOPLE.iter().map(profile).collect()
}
